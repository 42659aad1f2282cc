"""Payments as a file for the operator's bank: ISO 20022 pain.001.001.09, one batch of one currency."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from common.money import amount_text, from_minor

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
SEPA: Final = "EUR"
US_CLEARING: Final = "USABA"


@dataclass(frozen=True, slots=True)
class FilePayment:
    """One transfer; IBAN, or account and routing number."""

    key: str
    amount_minor: int
    holder: str
    iban: str
    bic: str
    account_number: str
    routing_number: str

    @property
    def reference(self) -> str:
        """The key in the letters that every bank takes: an underscore is none of them."""
        return self.key.replace("_", "-")


@dataclass(frozen=True, slots=True)
class FileBatch:
    """Who pays, from which account, what and when."""

    message_id: str
    payer: str
    payer_iban: str
    currency: str
    at: datetime
    payments: Sequence[FilePayment]

    @property
    def total_minor(self) -> int:
        return sum(payment.amount_minor for payment in self.payments)


def pain_001(batch: FileBatch) -> str:
    """The file. Each transfer bears the withdrawal's public id, which the statement repeats.

    The bank is asked to book each by itself, so that the statement has a line for each.
    """
    root = ET.Element("Document", {"xmlns": NAMESPACE})
    initiation = ET.SubElement(root, "CstmrCdtTrfInitn")
    header = ET.SubElement(initiation, "GrpHdr")
    _texts(header, MsgId=batch.message_id, CreDtTm=batch.at.strftime("%Y-%m-%dT%H:%M:%S"))
    _texts(header, **_sums(batch))
    _texts(_path(header, "InitgPty"), Nm=_latin(batch.payer))
    information = ET.SubElement(initiation, "PmtInf")
    _texts(information, PmtInfId=batch.message_id, PmtMtd="TRF", BtchBookg="false")
    _texts(information, **_sums(batch))
    if batch.currency == SEPA:
        _texts(_path(information, "PmtTpInf", "SvcLvl"), Cd="SEPA")
    _texts(_path(information, "ReqdExctnDt"), Dt=f"{batch.at:%Y-%m-%d}")
    _texts(_path(information, "Dbtr"), Nm=_latin(batch.payer))
    _texts(_path(information, "DbtrAcct", "Id"), IBAN=batch.payer_iban)
    _texts(_path(information, "DbtrAgt", "FinInstnId", "Othr"), Id="NOTPROVIDED")
    _texts(information, ChrgBr="SLEV" if batch.currency == SEPA else "SHAR")
    for payment in batch.payments:
        _transfer(information, payment, batch.currency)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _sums(batch: FileBatch) -> dict[str, str]:
    total = amount_text(from_minor(batch.total_minor, batch.currency))
    return {"NbOfTxs": str(len(batch.payments)), "CtrlSum": total}


def _transfer(parent: ET.Element, payment: FilePayment, currency: str) -> None:
    transfer = ET.SubElement(parent, "CdtTrfTxInf")
    _texts(_path(transfer, "PmtId"), EndToEndId=payment.reference)
    amount = ET.SubElement(_path(transfer, "Amt"), "InstdAmt", {"Ccy": currency})
    amount.text = amount_text(from_minor(payment.amount_minor, currency))
    if payment.bic:
        _texts(_path(transfer, "CdtrAgt", "FinInstnId"), BICFI=payment.bic)
    elif payment.routing_number:
        member = _path(transfer, "CdtrAgt", "FinInstnId", "ClrSysMmbId")
        _texts(_path(member, "ClrSysId"), Cd=US_CLEARING)
        _texts(member, MmbId=payment.routing_number)
    _texts(_path(transfer, "Cdtr"), Nm=_latin(payment.holder))
    account = _path(transfer, "CdtrAcct", "Id")
    if payment.iban:
        _texts(account, IBAN=payment.iban)
    else:
        _texts(_path(account, "Othr"), Id=payment.account_number)
    _texts(_path(transfer, "RmtInf"), Ustrd=f"Withdrawal {payment.reference}")


def _path(parent: ET.Element, *tags: str) -> ET.Element:
    for tag in tags:
        parent = ET.SubElement(parent, tag)
    return parent


def _texts(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def _latin(name: str) -> str:
    """The name in the letters that every bank takes, 70 at most."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = "".join(
        letter if letter.isalnum() or letter in " -/?:().,'+" else " " for letter in plain
    )
    return " ".join(kept.split())[:70] or "Account holder"
