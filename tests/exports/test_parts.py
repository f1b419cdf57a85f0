"""Hand-made sales that say the tax or the payment of an order in parts, and bills that are no sales."""

from __future__ import annotations

from typing import Any

import pytest

TAXES = """\
Date,Order ID,Email,Total,{one},{other}
2026-10-03,A1,a@example.com,105.00,5.00,0.00
2026-10-14,A2,b@example.com,59.00,2.00,7.00
"""


@pytest.mark.parametrize(
    ("one", "other", "column"),
    [
        ("GST", "PST", 6),
        ("TVA", "TVA 10 %", 6),
        ("TVA 5.5%", "TVA (20 %)", 5),
        ("MwSt 7%", "MwSt. 19 %", 5),
        ("TPS", "TVQ", 5),
        ("Tax 1", "Tax 2", 5),
    ],
)
def test_a_tax_in_two_columns_is_not_read_by_half(one: str, other: str, column: int, check: Any) -> None:
    text = TAXES.format(one=one, other=other)
    for options in ((), ("--map", f"sales.tax={one}")):
        [source] = check(("sales.csv", text), code=3, options=options)
        assert source["error"]["code"] == "tax_open"
    assert "add them up" in source["error"]["fix"]
    [source] = check(("sales.csv", text), code=3)
    assert source["error"]["column"] == column


def test_taxes_beside_their_sum_are_no_question(check: Any) -> None:
    text = "Date,Order ID,Email,Total,Tax total,HST,QST\n2026-10-03,A1,a@example.com,115.00,15.00,5.00,10.00\n"
    [source] = check(("sales.csv", text))
    assert (source.sum("tax"), source.sum("revenue_net")) == (15, 100)
    [source] = check(("sales.csv", TAXES.format(one="VAT", other="VAT 10%").replace("7.00", "0.00")))
    assert source.sum("tax") == 7


def test_a_tax_by_its_rate_is_named_and_then_read(check: Any) -> None:
    text = TAXES.format(one="TVA 20 %", other="Note")
    [source] = check(("sales.csv", text), code=3)
    assert source["error"]["fix"] == "say --map sales.tax=TVA 20 %"
    [source] = check(("sales.csv", text), options=("--map", "sales.tax=TVA 20 %"))
    assert source.sum("revenue_net") == 164 - 7


PAID = """\
Date,Order ID,Email,Total,{header}
2026-10-03,A1,a@example.com,100.00,{none}
2026-10-14,A2,b@example.com,60.00,{some}
"""


@pytest.mark.parametrize(
    ("header", "none", "some"),
    [
        *(("Gift card", "", "40.00"), ("Store credit used", "0.00", "40.00"), ("Carte cadeau", "-", "60.00")),
        *(("Bon d’achat", "", "10"), ("Voucher amount", "0", "10"), ("Gutscheinwert", "0", "10")),
        *(("Deposit paid", "100.00", "20.00"), ("Acompte versé", "", "20.00"), ("Arrhes", "30", "60")),
        *(("Payment 1,Payment 2", "100.00,", "30.00,"), ("Échéance 1,Échéance 2", "50,50", "30,")),
    ],
)
@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_what_was_paid_otherwise_or_in_part_is_asked_about(
    header: str, none: str, some: str, count: int, check: Any
) -> None:
    rows = "".join(
        f"2026-10-{1 + i % 28:02},B{i},c{i}@example.com,1.50,{',' * header.count(',')}\n" for i in range(count)
    )
    text = PAID.format(header=header, none=none, some=some) + rows
    [source] = check(("sales.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"] in {2, 3}) == ("column_open", True)
    [source] = check(("sales.csv", text), options=("--map", "sales.amount=Total"))
    assert source.sum("revenue_gross") == 160 + 1.5 * count


@pytest.mark.parametrize(
    ("header", "none", "some"),
    [
        ("Gift card", "", "0.00"),
        ("Gift card", "GC-7781", "9900001122334455"),
        ("Deposit paid", "", "60.00"),
        ("Payment 1,Payment 2", "50.00,50.00", "60.00,"),
        ("Versement 1,Versement 2", "2026-10-03,2026-11-03", "2026-10-14,"),
        ("VAT number", "FR12345678901", "123456789"),
    ],
)
def test_what_changes_no_amount_is_no_question(header: str, none: str, some: str, check: Any) -> None:
    [source] = check(("sales.csv", PAID.format(header=header, none=none, some=some)))
    assert source.sum("revenue_gross") == 160


@pytest.mark.parametrize("header", ["Type de document", "Document type", "Belegart", "Type"])
def test_a_document_is_a_sale_a_refund_or_an_offer(header: str, check: Any) -> None:
    text = (
        f"Date;N° facture;{header};Client;Total TTC\n"
        "01/10/2026;F1;Facture;c-0001;100,00\n"
        "15/10/2026;A1;Avoir;c-0001;40,00\n"
        "16/10/2026;D1;Devis;c-0002;500,00\n"
    )
    [source] = check(("ventes.csv", text))
    assert (source.sum("revenue_gross"), source.sum("refunds"), source.left_out) == (100, 40, {"pending": 1})


@pytest.mark.parametrize("header", ["Supplier", "Vendor name", "Fournisseur", "Lieferant", "Proveedor", "Fornitore"])
def test_bills_of_suppliers_are_not_taken_for_sales(header: str, check: Any) -> None:
    text = f"Date,Invoice number,{header},Product,Amount\n2026-10-01,F1,Video tool,Licence,15.00\n"
    [source] = check(("bills.csv", text), code=3)
    assert source["error"]["code"] == "role_open"
    assert "--costs FILE" in source["error"]["fix"]
    [source] = check(("bills.csv", text.replace("Product", "Customer email")))
    assert (source["role"], source.sum("revenue_gross")) == ("sales", 15)


def test_columns_headed_ht_and_ttc_alone_are_amounts(check: Any) -> None:
    text = "Date;Facture;Client;HT;Taux TVA;TVA;TTC\n01/10/2026;1;c-0001;100,00;20 %;20,00;120,00\n"
    [source] = check(("ventes.csv", text + "15/10/2026;2;c-0002;50,00;5,5 %;2,75;52,75\n"))
    assert (source.sum("revenue_gross"), source.sum("revenue_net")) == (172.75, 150)
