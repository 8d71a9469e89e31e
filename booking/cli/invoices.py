"""flask invoices: invoices and credit notes, as under /admin/invoices."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.values import DATE
from booking.domain import catalogue, invoicing
from booking.domain.inputs import accept
from booking.domain.invoicing import INVOICE_KINDS, Document, Invoice, InvoiceSearch
from booking.domain.money import as_text
from booking.domain.reservations import front_desk
from booking.http import money_format
from booking.http.invoices import csv_rows, pdf, sheet_of
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("invoices", help="Invoices and credit notes: list, show, issue, credit, export.")


def _narrowed(command: Any) -> Any:
    """The options of list and export."""
    for option in (
        click.option("--until", type=DATE, help="Issued on this day at the latest."),
        click.option("--since", type=DATE, help="Issued on this day at the earliest."),
        click.option("--kind", type=click.Choice([one.replace("_", "-") for one in INVOICE_KINDS]), help="Only these."),
        click.option("--property", "slug", help="Only at this property, by its slug (`flask properties list`)."),
        click.option("--search", default="", help="A number, a name, a company, or a booking’s reference."),
    ):
        command = option(command)
    return command


def _search(
    search: str, slug: str | None, kind: str | None, since: dt.datetime | None, until: dt.datetime | None
) -> InvoiceSearch:
    asked = {
        "q": search,
        "property": encode("property", catalogue.get_property(slug)) if slug else None,
        "kind": kind and kind.replace("-", "_"),
        "since": since and since.date(),
        "until": until and until.date(),
    }
    return accept(InvoiceSearch, {name: value for name, value in asked.items() if value}, strict=False)


@group.command("list")
@_narrowed
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@as_json
@with_appcontext
def list_invoices(limit: int, as_json: bool, **asked: Any) -> None:
    """List invoices and credit notes, the newest first.

    \b
    Example:
        flask invoices list --search "Levi"
        flask invoices list --since 2026-01-01 --kind credit-note --json
    """
    with refusals_said():
        found = invoicing.find_invoices(acting(), _search(**asked), limit).entries
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        click.echo(_line(one))
    click.echo(f"{count(len(found), 'document')}.", err=True)


@group.command("show")
@click.argument("number")
@as_json
@with_appcontext
def show_invoice(number: str, as_json: bool) -> None:
    """Show an invoice or credit note, by its number.

    \b
    Example:
        flask invoices show EU-1-2026-00042
    """
    with refusals_said():
        found = invoicing.find_invoice(acting(), number)
    if as_json:
        show([_facts(found) | {"lines": [_line_facts(one, found.invoice) for one in found.lines]}])
        return
    sheet = sheet_of(found)
    click.echo(f"{sheet.title} {sheet.reference}\n")
    click.echo("\n".join([*sheet.seller, "", *sheet.buyer, ""]))
    for row in sheet.rows:
        click.echo(f"{row.of}\n  {row.text}: {row.amount}" if row.of else f"  {row.text}: {row.amount}")
    for row in (sheet.total, *sheet.taxes, *sheet.payments, *([sheet.due] if sheet.due else [])):
        click.echo(f"{row.text}: {row.amount}")
    for note in sheet.notes:
        click.echo(note)


@group.command("pdf")
@click.argument("number")
@click.option("--out", type=click.Path(dir_okay=False), help="Where to. [default: NUMBER.pdf]")
@with_appcontext
def write_pdf(number: str, out: str | None) -> None:
    """Write an invoice or credit note as PDF.

    \b
    Example:
        flask invoices pdf EU-1-2026-00042
    """
    with refusals_said():
        found = invoicing.find_invoice(acting(), number)
    path = Path(out or pdf.name_of(found))
    path.write_bytes(pdf.written(found))
    click.echo(f"{path} is written.")


@group.command("create")
@click.argument("reference")
@as_json
@with_appcontext
def create(reference: str, as_json: bool) -> None:
    """Issue what is missing for a booking's order now, whenever the house does it by itself.

    REFERENCE is the one in the guest's emails, or the booking's id.

    \b
    Example:
        flask invoices create H7K2M9QX
    """
    with refusals_said():
        booking = front_desk.look_up_order(acting(), reference).bookings[0]
        invoicing.invoices_of_booking(acting(), booking.id)  # who may not see what is issued issues nothing
        made = invoicing.issue_invoices(acting(), booking.id, current_services().invoice_terms)
    _tell(made, as_json)


@group.command("credit")
@click.argument("number")
@click.option("--reason", required=True, help="Stands on the credit note.")
@as_json
@with_appcontext
def credit(number: str, reason: str, as_json: bool) -> None:
    """Take an invoice back by a credit note, and issue what is still sold anew, to whom it is made out by now.

    \b
    Example:
        flask invoices credit EU-1-2026-00042 --reason "Wrong company"
    """
    with refusals_said():
        found = invoicing.find_invoice(acting(), number)
        made = invoicing.correct_invoice(acting(), found.invoice.id, reason, current_services().invoice_terms)
    _tell(made, as_json)


@group.command("export")
@_narrowed
@as_json
@with_appcontext
def export(as_json: bool, **asked: Any) -> None:
    """Write invoices and credit notes as CSV on standard output, the newest first, for the books.

    \b
    Example:
        flask invoices export --since 2026-01-01 --until 2026-12-31 > invoices.csv
    """
    with refusals_said():
        found = invoicing.export_invoices(acting(), _search(**asked))
        if as_json:
            show(map(_facts, found))
            return
        click.echo(csv_rows.line(csv_rows.HEADER), nl=False)
        for one in found:
            click.echo(csv_rows.line(csv_rows.cells(one)), nl=False)


def _tell(made: list[Invoice], as_json: bool) -> None:
    documents = [invoicing.get_invoice(acting(), one.id) for one in made]
    if as_json:
        show(map(_facts, documents))
    else:
        click.echo("\n".join(map(_line, documents)))


def _line(one: Document) -> str:
    invoice = one.invoice
    what = f"credits {one.credits}" if one.credits else "invoice"
    buyer = one.buyer.company or one.buyer.name if one.buyer else ""
    total = money_format.plain(invoice.total, invoice.currency)
    return f"{invoice.reference}  {invoice.issued_on}  {total}  {what}  {buyer}".rstrip()


def _facts(one: Document) -> dict[str, Any]:
    invoice, buyer = one.invoice, one.buyer
    return {
        "id": encode("invoice", invoice.id),
        "number": invoice.reference,
        "kind": invoice.kind,
        "credits": one.credits,
        "issuedOn": invoice.issued_on.isoformat(),
        "createdAt": instant(invoice.created_at),
        "property": invoice.seller["property"],
        "buyer": buyer and buyer.name,
        "company": buyer and buyer.company,
        "vatNumber": buyer and buyer.vat_number,
        "bookings": [stay["reference"] for stay in invoice.stays],
        "total": as_text(invoice.net, invoice.currency),
        "due": as_text(invoice.due, invoice.currency),
        "currency": invoice.currency,
    }


def _line_facts(line: invoicing.SoldLine, invoice: Invoice) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "date": line.date and line.date.isoformat(),
        "amount": as_text(line.amount, invoice.currency),
        "rule": line.rule,
        "included": line.included,
    }
