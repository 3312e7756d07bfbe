"""What makes two clients one, for where duplicates are looked for. Sales works without them too."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from crmkit import Crm, hookimpl

from .entities import Company, Contact, ContactPoint, Lead, Way

if t.TYPE_CHECKING:
    from crmkit.duplicates import Duplicates


@hookimpl(optionalhook=True)
def duplicates_declared(crm: Crm) -> Iterable[Duplicates]:
    """Declare contacts, companies and leads."""
    from crmkit import duplicates as d

    points = {way: d.Part(ContactPoint, "value", where={"way": way}) for way in (Way.PHONE, Way.EMAIL)}
    yield d.Duplicates(Contact, compare=[
        d.PersonName("name"), d.PhoneNumber("phone", also=points[Way.PHONE]), d.EmailAddress("email", also=points[Way.EMAIL]),
        d.Birthday("born_on"), d.Address("address"), d.City("city"), d.PostCode("postal_code"),
    ])  # fmt: skip
    yield d.Duplicates(Company, compare=[
        d.CompanyName("name"), d.Identifier("tax_number"), d.PhoneNumber("phone"), d.EmailAddress("email"), d.Address("address"), d.City("city"),
    ])  # fmt: skip
    yield d.Duplicates(Lead, compare=[d.Text("title"), d.PhoneNumber("phone"), d.EmailAddress("email"), d.City("city")])
