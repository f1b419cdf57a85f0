"""What a header, a cell and a column say of the currency has to be one thing: two are refused where they meet."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_cli.exports.rows import Block


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("date,campaign,cost (EUR),currency\n2026-10-01,A,10,EUR\n2026-10-02,A,10,USD\n", (3, 3)),
        ("date,campaign,cost ($),currency\n2026-10-01,A,10,EUR\n", (2, 3)),
        ("date,order_id,price (EUR),currency\n2026-10-01,A,10,USD\n", (2, 3)),
        ("date,order_id,amount (EUR),tax (USD)\n2026-10-01,A,10,2\n", (1, 4)),
        ("date,order_id,price,currency\n2026-10-01,A,10 €,USD\n", (2, 3)),
        ("date,order_id,amount excl. tax,tax\n2026-10-01,A,10 €,£2\n", (2, 4)),
        ("date,product,price\n2026-10-01,A,10 €\n2026-10-02,A,£10\n", (3, 3)),
        ("date,product,unit price,quantity\n2026-10-01,A,10 €,1\n2026-10-02,A,$10,1\n", (3, 3)),
    ],
)
def test_two_currencies_for_one_amount_are_refused_with_their_line_and_column(
    text: str, place: tuple[int, int], check: Any
) -> None:
    [source] = check(("file.csv", text), code=3)
    error = source["error"]
    assert (error["code"], error["line"], error["column"]) == ("two_currencies", *place)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("date,order_id,price (EUR)\n2026-10-01,A,10\n", "EUR"),
        ("date,order_id,price\n2026-10-01,A,10 €\n", "EUR"),
        ("date,order_id,price\n2026-10-01,A,10 euros\n", "EUR"),
        ("date,order_id,price in usd\n2026-10-01,A,10\n", "USD"),
        ("Date;Produit;Montant (en euros)\n13/10/2026;A;10,00\n", "EUR"),
        ("Date;Produit;Montant en €\n13/10/2026;A;10,00\n", "EUR"),
        ("date,order_id,price,currency\n2026-10-01,A,10,Euro\n", "EUR"),
        ("date,campaign,cost ($),currency\n2026-10-01,A,10,CAD\n", "CAD"),
        ("date,order_id,amount (EUR),tax (EUR),currency\n2026-10-01,A,10,2,EUR\n", "EUR"),
    ],
)
def test_currencies_that_agree_are_the_currency_of_the_row(text: str, code: str, check: Any) -> None:
    [source] = check(("file.csv", text))
    assert [entry["currency"] for entry in source["sums"]] == [code]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("date,order_id,amount", "2026-10-{day:02},{n},{n}.50 €"),
        ("date,campaign_id,cost", '2026-10-{day:02},"1.{n:03}E+12",{n}.50'),
    ],
    ids=["a symbol in each cell", "an id that a spreadsheet rounded in each"],
)
def test_a_place_is_looked_for_once_and_not_for_every_cell_that_says_the_same(
    header: str, row: str, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for = []
    found_by = Block.line_of

    def counted(self: Block, index: int, cell: str) -> int:
        looked_for.append(cell)
        return found_by(self, index, cell)

    monkeypatch.setattr(Block, "line_of", counted)
    rows = "\n".join(row.format(day=1 + n % 28, n=100 + n) for n in range(500))
    [source] = check(("file.csv", f"{header}\n{rows}\n"))
    assert (source["rows"]["used"], len(looked_for)) == (500, 1)
