"""Statements as the operator's bank writes them: camt.053, or a table."""

from tests.oracle.rules_of_work import digits
from tests.wallets.banking import OURS
from wallets.providers.statement_csv import COLUMNS

SENDER = "DE89370400440532013000"
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>{id}</MsgId></GrpHdr><Stmt><Id>{id}</Id>
<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{currency}</Ccy></Acct>{balances}{entries}
</Stmt></BkToCstmrStmt></Document>"""
BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>
<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"""
ENTRY = """<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>
<NtryDtls>{file}<TxDtls><Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs>
<RltdPties><DbtrAcct><Id><IBAN>{counterparty}</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def camt(rows, currency, opening, name):
    """The bookings of one account in one file."""
    closing = opening + sum(row["amount"] for row in rows)
    balances = zip(("OPBD", "CLBD"), (opening, closing), (rows[0], rows[-1]), strict=True)
    entries = [
        ENTRY.format(
            **{**row, "amount": digits(abs(row["amount"]), currency)},
            currency=currency,
            way="CRDT" if row["amount"] > 0 else "DBIT",
        )
        for row in rows
    ]
    return CAMT.format(
        id=name,
        account=OURS,
        currency=currency,
        balances="".join(
            BALANCE.format(
                kind=kind, amount=digits(amount, currency), currency=currency, day=row["day"]
            )
            for kind, amount, row in balances
        ),
        entries="".join(entries),
    ).encode()


def table(rows, currency, opening):
    """The same as a CSV."""
    lines, balance = [";".join(COLUMNS)], opening
    for row in rows:
        balance += row["amount"]
        sign = "-" if row["amount"] < 0 else ""
        values = {
            **row,
            "account": OURS,
            "currency": currency,
            "booked_on": row["day"],
            "amount": sign + digits(abs(row["amount"]), currency),
            "balance": digits(balance, currency),
            "name": "Somebody",
        }
        lines.append(";".join(values.get(column, "") for column in COLUMNS))
    return "\n".join(lines).encode()
