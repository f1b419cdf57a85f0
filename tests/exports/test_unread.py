"""A column that is not read and would change what a sale brought is asked about, never passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands.app import main

PRICES = """\
Date,Order ID,Email,{price},{discount}
2026-10-03,A1,a@example.com,100.00,{some}
2026-10-14,A2,b@example.com,60.00,{none}
"""
LINES = "Order,Date,Customer,Item,Qty,Unit price,Discount\nA1,2026-10-03,Ana,Book,2,20.00,{some}\n"
STATES = """\
Date,Order ID,Email,Amount,{header}
2026-10-03,A1,a@example.com,100.00,{good}
2026-10-14,A2,b@example.com,60.00,{bad}
"""


@pytest.mark.parametrize(
    ("price", "discount"),
    [
        ("Price", "Discount"),
        ("Gross sales", "Discounts"),
        ("Gross", "Total discount"),
        ("Prix", "Remise"),
        ("Preis", "Rabatt"),
        ("Precio", "Descuento"),
        ("Preço", "Desconto"),
        ("Prezzo", "Sconto"),
    ],
)
@pytest.mark.parametrize("some", ["20.00", "-20.00", "20%", "20.00 €"])
def test_a_price_beside_a_discount_is_asked_about(price: str, discount: str, some: str, check: Any) -> None:
    text = PRICES.format(price=price, discount=discount, some=some, none="0.00")
    [source] = check(("sales.csv", text), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("discount_open", 2, 5)
    [paid] = check(("sales.csv", text), options=("--map", f"sales.amount={price}"))
    assert paid.sum("revenue_gross") == 160


@pytest.mark.parametrize("some", ["20.00", "-20.00", "(20.00)"])
def test_a_discount_that_is_said_to_come_off_comes_off(some: str, check: Any) -> None:
    options = ("--map", "sales.discount_off=Discount")
    [source] = check(
        ("sales.csv", PRICES.format(price="Price", discount="Discount", some=some, none="")), options=options
    )
    assert source.sum("revenue_gross") == 100 - 20 + 60
    [lines] = check(("lines.csv", LINES.format(some=some)), options=options)
    assert lines.sum("revenue_gross") == 2 * 20 - 20


def test_the_discount_of_a_refund_lessens_what_went_back(check: Any) -> None:
    text = "Date,Order ID,Email,Price,Discount\n2026-10-03,A1,a@example.com,100.00,20.00\n"
    text += "2026-10-14,A1,a@example.com,-100.00,20.00\n"
    [source] = check(("sales.csv", text), options=("--map", "sales.discount_off=Discount"))
    assert (source.sum("revenue_gross"), source.sum("refunds")) == (80, 80)


@pytest.mark.parametrize("price", ["Amount", "Total", "Order total", "Amount paid", "Montant TTC"])
def test_what_was_paid_has_its_discount_off(price: str, check: Any) -> None:
    [source] = check(("sales.csv", PRICES.format(price=price, discount="Discount", some="20.00", none="0")))
    assert source.sum("revenue_gross") == 160


@pytest.mark.parametrize("some", ["", "0", "0.00", "SUMMER20", "no"])
def test_a_discount_that_is_none_is_no_question(some: str, check: Any) -> None:
    [source] = check(("sales.csv", PRICES.format(price="Price", discount="Discount", some=some, none="")))
    assert source.sum("revenue_gross") == 160


def test_what_a_shop_sums_up_by_day_is_asked_about_and_its_total_is_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "Day,Orders,Gross sales,Discounts,Returns,Net sales,Shipping charges,Taxes,Total sales\n"
        "2026-10-03,2,200.00,-20.00,0.00,180.00,10.00,38.00,228.00\n"
        "2026-10-04,1,100.00,0.00,-50.00,50.00,5.00,11.00,66.00\n"
    )
    (tmp_path / "shop.csv").write_text(text)
    assert main(["check", "--sales", str(tmp_path / "shop.csv"), "--no-config"]) == 3
    assert "“Discounts” may be in “Gross sales” already" in capsys.readouterr().out
    argv = ["check", "--sales", str(tmp_path / "shop.csv"), "--map", "sales.amount=Total sales", "--json"]
    assert main([*argv, "--no-config"]) == 0
    [sums] = json.loads(capsys.readouterr().out)["sources"][0]["sums"]
    assert (sums["revenue_net"], sums["orders"]) == (228 + 66 - 38 - 11, 3)


@pytest.mark.parametrize(
    ("header", "good", "bad"),
    [
        ("Attendee Status", "Attending", "Refunded"),
        ("Statut colis", "Payée", "Annulée"),
        ("Ticket state", "ok", "cancelled"),
        ("Versandstatus", "bezahlt", "Storniert"),
        ("Estado de la venta", "pagado", "devuelto"),
    ],
)
@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_a_status_by_another_name_that_tells_of_no_sale_is_asked_about(
    header: str, good: str, bad: str, count: int, check: Any
) -> None:
    rows = "".join(f"2026-10-{1 + i % 28:02},B{i},c{i}@example.com,1.50,{good}\n" for i in range(count))
    [source] = check(("sales.csv", STATES.format(header=header, good=good, bad=bad) + rows), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("status_unread", 3, 5)
    assert error["fix"] == f"say --map sales.status={header}"


@pytest.mark.parametrize("state", ["CA", "fulfilled", "pending", "open", ""])
def test_other_states_are_no_question(state: str, check: Any) -> None:
    [source] = check(("sales.csv", STATES.format(header="Shipping state", good="shipped", bad=state)))
    assert source.sum("revenue_net") == 160


def test_beside_a_status_that_is_read_another_is_no_question(check: Any) -> None:
    [source] = check(("sales.csv", STATES.format(header="Status,Parcel status", good="paid,sent", bad="paid,returned")))
    assert source.sum("revenue_net") == 160


RATES = """\
Date,Order ID,Email,Amount,{header}
2026-10-03,A1,a@example.com,{one},{tax}
2026-10-14,A2,b@example.com,{other},{other_tax}
"""


@pytest.mark.parametrize("header", ["VAT", "Tax", "TVA", "MwSt"])
@pytest.mark.parametrize("tax", ["20", "5.5", "19.00", "0.20"])
@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_a_tax_that_is_one_number_beside_different_amounts_is_asked_about(
    header: str, tax: str, count: int, check: Any
) -> None:
    text = RATES.format(header=header, one="120.00", other="240.00", tax=tax, other_tax=tax)
    rows = "".join(f"2026-10-{1 + i % 28:02},B{i},c{i}@example.com,{60 + i % 7}.50,{tax}\n" for i in range(count))
    [source] = check(("sales.csv", text + rows), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("tax_open", 2, 5)
    [money] = check(("sales.csv", text), options=("--map", f"sales.tax={header}"))
    assert money.sum("tax") == pytest.approx(2 * float(tax))
    [rate] = check(("sales.csv", text), options=("--map", f"sales.tax_rate={header}"))
    assert rate.sum("tax") == 0
    assert "tax_included" in rate.codes


@pytest.mark.parametrize(
    ("one", "tax", "other", "other_tax"),
    [("120.00", "20.00", "240.00", "40.00"), ("120.00", "20", "120.00", "20"), ("120.00", "20.00", "50.00", "0")],
)
def test_taxes_in_money_are_no_question(one: str, tax: str, other: str, other_tax: str, check: Any) -> None:
    [source] = check(("sales.csv", RATES.format(header="VAT", one=one, other=other, tax=tax, other_tax=other_tax)))
    assert source.sum("tax") == float(tax) + float(other_tax)


PIECES = """\
Order,Date,Customer,Item,Qty,Unit price,Shipping
A1,2026-10-03,Ana,Book,2,20.00,{first}
A1,2026-10-03,Ana,Course,1,30.00,{second}
A2,2026-10-14,Bob,Book,1,20.00,{third}
"""


def test_shipping_comes_on_top_of_the_price_of_pieces(check: Any) -> None:
    [source] = check(("sales.csv", PIECES.format(first="5.00", second="", third="3.50")))
    assert (source.sum("revenue_gross"), source.sum("orders")) == (2 * 20 + 30 + 5 + 20 + 3.5, 2)


@pytest.mark.parametrize("second", ["5.00", "2.50"])
def test_shipping_on_several_rows_of_an_order_is_asked_about(second: str, check: Any) -> None:
    [source] = check(("sales.csv", PIECES.format(first="5.00", second=second, third="3.50")), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("shipping_open", 3, 7)


def test_shipping_beside_what_was_paid_is_in_it(check: Any) -> None:
    [source] = check(("sales.csv", "Date,Order ID,Amount,Shipping\n2026-10-03,A1,100.00,5.00\n"))
    assert source.sum("revenue_gross") == 100


@pytest.mark.parametrize("header", ["Status", "Invoice status"])
def test_invoices_that_are_not_paid_are_no_sales(header: str, check: Any) -> None:
    states = ["paid", "open", "draft", "void", "uncollectible", "past_due"]
    rows = [f"in_{n},2026-10-0{n},c-000{n},{n}0.00,{state}\n" for n, state in enumerate(states, 1)]
    [source] = check(("invoices.csv", f"Invoice,Date,Customer,Amount,{header}\n" + "".join(rows)))
    assert (source.sum("revenue_net"), source.sum("orders")) == (10, 1)


DUE = "Invoice,Date,Customer,Total,{}\nin_1,2026-10-01,c-0001,90.00,0.00\nin_2,2026-10-02,c-0002,60.00,45.00\n"


@pytest.mark.parametrize("header", ["Balance due", "Amount remaining", "Outstanding", "Reste à payer", "Restbetrag"])
def test_an_amount_that_is_still_due_is_asked_about(header: str, check: Any) -> None:
    [source] = check(("invoices.csv", DUE.format(header)), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("column_open", 3, 5)
    [source] = check(("invoices.csv", DUE.format(header)), options=("--map", "sales.amount=Total"))
    assert source.sum("revenue_net") == 150


def test_an_amount_still_due_of_0_is_no_question(check: Any) -> None:
    [source] = check(("invoices.csv", DUE.replace("45.00", "0").format("Balance due")))
    assert source.sum("revenue_net") == 150


TOTALS = """\
{}
1,2026-10-01,a@example.com,Course A,150.00
1,2026-10-01,a@example.com,Course B,{}
2,2026-10-02,b@example.com,Course A,90
"""


@pytest.mark.parametrize("header", ["Order Total", "Order Amount", "Total commande", "Bestellwert", "Total pedido"])
@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_the_total_of_an_order_on_each_of_its_rows_is_asked_about(header: str, count: int, check: Any) -> None:
    heads = f"Order ID,Date,Email,Item,{header}"
    more = "".join(f"x{n},2026-10-03,c{n}@example.com,Course A,9.50\n" for n in range(count))
    [source] = check(("sales.csv", TOTALS.format(heads, "150.00") + more), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("column_open", 3, 5)
    [source] = check(("sales.csv", TOTALS.format(heads, "150.00") + more), options=("--map", f"sales.amount={header}"))
    assert source.sum("revenue_net") == 390 + 9.5 * count


def test_rows_of_an_order_with_amounts_of_their_own_are_summed(check: Any) -> None:
    for header, other in (("Order Total", "60.00"), ("Amount", "150.00")):
        [source] = check(("sales.csv", TOTALS.format(f"Order ID,Date,Email,Item,{header}", other)))
        assert (source.sum("revenue_net"), source.sum("orders")) == (240 + float(other), 2)


def test_an_order_that_its_type_calls_refunded_is_asked_about(check: Any) -> None:
    text = "Order #,Order Date,Total Paid,Order Type\n1,2026-10-01,50.00,PayPal\n2,2026-10-02,50.00,Refunded\n"
    [source] = check(("sales.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("status_unread", 3)


def test_a_total_beside_amounts_of_lines_is_of_the_order(check: Any) -> None:
    head = "InvoiceNumber,InvoiceDate,EmailAddress,Total,LineAmount\n"
    rows = "".join(f"{n},2026-10-01,a@example.com,150.00,{line}\n" for n, line in ((1, 100), (1, 50), (2, 150)))
    [source] = check(("invoices.csv", head + rows), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("column_open", 3, 4)
    [source] = check(("invoices.csv", head + rows), options=("--map", "sales.amount=LineAmount"))
    assert source.sum("revenue_net") == 300


BOOKS = "Date,Transaction type,Customer,Total\n2026-10-01,Invoice,c-0001,90\n2026-10-03,Payment,c-0001,90\n"


@pytest.mark.parametrize("count", [0, 6_000], ids=["few", "many"])
def test_invoices_beside_their_payments_are_asked_about(
    count: int, check: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BOOKS + "".join(f"2026-10-04,Invoice,c-{n},9.50\n" for n in range(count))
    [source] = check(("books.csv", text), code=3)
    assert (source["error"]["code"], source["error"]["column"]) == ("column_open", 2)
    assert "statuses: {payment: transfer}" in source["error"]["fix"]
    (tmp_path / "kpi.yml").write_text("sources:\n  - files: books.csv\n    statuses: {payment: transfer}\n")
    assert main(["check", "--config", "kpi.yml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"][0]["sums"][0]["revenue_net"] == 90 + 9.5 * count
