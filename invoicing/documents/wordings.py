"""The words of a document's page in English, German, French and Spanish."""

from dataclasses import dataclass
from typing import Final

from invoicing.documents.model import TypeCode

NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
FIXED: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: titles, labels and sentences."""

    titles: dict[TypeCode, str]
    months: tuple[str, ...]
    date: str
    first: str
    thousands: str
    decimals: str
    percent: str
    units: dict[str, str]
    issued: str
    delivered: str
    period: str
    period_of: str
    due: str
    paid_mark: str
    total: str
    total_due: str
    seller: str
    buyer: str
    trading_as: str
    description: str
    quantity: str
    unit_price: str
    amount: str
    tax: str
    tax_on: str
    no_tax: str
    subtotal: str
    local_tax: str
    paid: str
    rounding: str
    payment: str
    pay: str
    pay_terms: str
    pay_reference: str
    already_paid: str
    credited: str
    corrects: str
    buyer_reference: str
    project: str
    contract: str
    order: str
    vat_id: str
    tax_number: str
    registration: str
    identifier: str
    contact: str
    notes: str
    page: str
    issued_by: str
    self_billing: str
    reverse_charge: str


ENGLISH: Final = Wording(
    titles={
        TypeCode.INVOICE: "Invoice",
        TypeCode.CREDIT_NOTE: "Credit note",
        TypeCode.SELF_BILLED: "Self-billed invoice",
        TypeCode.SELF_BILLED_CREDIT_NOTE: "Self-billed credit note",
    },
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    date="{day} {month} {year}",
    first="1",
    thousands=",",
    decimals=".",
    percent="%",
    units={
        "LS": "lump sum",
        "HUR": "hours",
        "DAY": "days",
        "MON": "months",
        "C62": "",
        "EA": "",
        "H87": "pieces",
    },
    issued="Issued",
    delivered="Supplied",
    period="Period",
    period_of="{start} to {end}",
    due="Due",
    paid_mark="Paid",
    total="Total",
    total_due="Total due",
    seller="From",
    buyer="Billed to",
    trading_as="trading as {name}",
    description="Description",
    quantity="Quantity",
    unit_price="Unit price",
    amount="Amount ({currency})",
    tax="VAT",
    tax_on="{tax} {rate} on {base}",
    no_tax="Tax",
    subtotal="Subtotal",
    local_tax="{tax} in {currency}",
    paid="Paid",
    rounding="Rounding",
    payment="Payment",
    pay="Please pay {amount} by {date}.",
    pay_terms="Please pay {amount}.",
    pay_reference="Reference: {number}",
    already_paid="Paid in full. Nothing is due.",
    credited="{amount} are credited to you.",
    corrects="Corrects {number} of {date}",
    buyer_reference="Your reference",
    project="Project",
    contract="Contract",
    order="Order",
    vat_id="VAT ID",
    tax_number="Tax number",
    registration="Company number",
    identifier="Identifier",
    contact="Contact",
    notes="Notes",
    page="Page {page} of {pages}",
    issued_by="Issued by {issuer} in the name and on behalf of {seller}.",
    self_billing="Self-billing",
    reverse_charge="Reverse charge",
)

GERMAN: Final = Wording(
    titles={
        TypeCode.INVOICE: "Rechnung",
        TypeCode.CREDIT_NOTE: "Rechnungskorrektur",
        TypeCode.SELF_BILLED: "Gutschrift",
        TypeCode.SELF_BILLED_CREDIT_NOTE: "Korrektur der Gutschrift",
    },
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    date="{day}. {month} {year}",
    first="1",
    thousands=".",
    decimals=",",
    percent=f"{FIXED}%",
    units={
        "LS": "pauschal",
        "HUR": "Stunden",
        "DAY": "Tage",
        "MON": "Monate",
        "C62": "",
        "EA": "",
        "H87": "Stück",
    },
    issued="Rechnungsdatum",
    delivered="Leistungsdatum",
    period="Leistungszeitraum",
    period_of="{start} bis {end}",
    due="Fällig am",
    paid_mark="Bezahlt",
    total="Gesamtbetrag",
    total_due="Zu zahlen",
    seller="Von",
    buyer="An",
    trading_as="handelnd als {name}",
    description="Beschreibung",
    quantity="Menge",
    unit_price="Einzelpreis",
    amount="Betrag ({currency})",
    tax="USt.",
    tax_on="{tax} {rate} auf {base}",
    no_tax="Steuer",
    subtotal="Nettobetrag",
    local_tax="{tax} in {currency}",
    paid="Bereits bezahlt",
    rounding="Rundung",
    payment="Zahlung",
    pay="Bitte zahlen Sie {amount} bis zum {date}.",
    pay_terms="Bitte zahlen Sie {amount}.",
    pay_reference="Verwendungszweck: {number}",
    already_paid="Vollständig bezahlt. Es ist nichts mehr zu zahlen.",
    credited="{amount} werden Ihnen gutgeschrieben.",
    corrects="Korrigiert {number} vom {date}",
    buyer_reference="Ihre Referenz",
    project="Projekt",
    contract="Vertrag",
    order="Bestellung",
    vat_id="USt-IdNr.",
    tax_number="Steuernummer",
    registration="Registernummer",
    identifier="Kennung",
    contact="Kontakt",
    notes="Hinweise",
    page="Seite {page} von {pages}",
    issued_by="Ausgestellt von {issuer} im Namen und für Rechnung von {seller}.",
    self_billing="Gutschrift",
    reverse_charge="Steuerschuldnerschaft des Leistungsempfängers",
)

FRENCH: Final = Wording(
    titles={
        TypeCode.INVOICE: "Facture",
        TypeCode.CREDIT_NOTE: "Avoir",
        TypeCode.SELF_BILLED: "Facture (autofacturation)",
        TypeCode.SELF_BILLED_CREDIT_NOTE: "Avoir (autofacturation)",
    },
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    date="{day} {month} {year}",
    first="1er",
    thousands=NARROW,
    decimals=",",
    percent=f"{FIXED}%",
    units={
        "LS": "forfait",
        "HUR": "heures",
        "DAY": "jours",
        "MON": "mois",
        "C62": "",
        "EA": "",
        "H87": "pièces",
    },
    issued="Date d'émission",
    delivered="Date de la prestation",
    period="Période",
    period_of="du {start} au {end}",
    due="Échéance",
    paid_mark="Payée",
    total="Total TTC",
    total_due="Net à payer",
    seller="De",
    buyer="À",
    trading_as="nom commercial : {name}",
    description="Désignation",
    quantity="Quantité",
    unit_price="Prix unitaire HT",
    amount="Montant HT ({currency})",
    tax="TVA",
    tax_on="{tax} {rate} sur {base}",
    no_tax="Taxe",
    subtotal="Total HT",
    local_tax="{tax} en {currency}",
    paid="Déjà payé",
    rounding="Arrondi",
    payment="Paiement",
    pay="Merci de régler {amount} avant le {date}.",
    pay_terms="Merci de régler {amount}.",
    pay_reference=f"Référence{FIXED}: {{number}}",
    already_paid="Facture acquittée. Aucun montant à payer.",
    credited="{amount} sont portés à votre crédit.",
    corrects="Rectifie {number} du {date}",
    buyer_reference="Votre référence",
    project="Projet",
    contract="Contrat",
    order="Commande",
    vat_id="N° TVA",
    tax_number="N° fiscal",
    registration="N° d'immatriculation",
    identifier="Identifiant",
    contact="Contact",
    notes="Mentions",
    page="Page {page} sur {pages}",
    issued_by="Facture établie par {issuer} au nom et pour le compte de {seller}.",
    self_billing="Autofacturation",
    reverse_charge="Autoliquidation",
)

SPANISH: Final = Wording(
    titles={
        TypeCode.INVOICE: "Factura",
        TypeCode.CREDIT_NOTE: "Factura rectificativa",
        TypeCode.SELF_BILLED: "Factura (facturación por el destinatario)",
        TypeCode.SELF_BILLED_CREDIT_NOTE: "Factura rectificativa (facturación por el destinatario)",
    },
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    date="{day} de {month} de {year}",
    first="1",
    thousands=".",
    decimals=",",
    percent=f"{FIXED}%",
    units={
        "LS": "tanto alzado",
        "HUR": "horas",
        "DAY": "días",
        "MON": "meses",
        "C62": "",
        "EA": "",
        "H87": "piezas",
    },
    issued="Fecha de expedición",
    delivered="Fecha de la operación",
    period="Período",
    period_of="del {start} al {end}",
    due="Vencimiento",
    paid_mark="Pagada",
    total="Total",
    total_due="Total a pagar",
    seller="De",
    buyer="Para",
    trading_as="nombre comercial: {name}",
    description="Descripción",
    quantity="Cantidad",
    unit_price="Precio unitario",
    amount="Importe ({currency})",
    tax="IVA",
    tax_on="{tax} {rate} sobre {base}",
    no_tax="Impuesto",
    subtotal="Base imponible",
    local_tax="{tax} en {currency}",
    paid="Ya pagado",
    rounding="Redondeo",
    payment="Pago",
    pay="Le rogamos que pague {amount} antes del {date}.",
    pay_terms="Le rogamos que pague {amount}.",
    pay_reference="Referencia: {number}",
    already_paid="Pagada en su totalidad. No queda nada por pagar.",
    credited="Se le abonan {amount}.",
    corrects="Rectifica {number} del {date}",
    buyer_reference="Su referencia",
    project="Proyecto",
    contract="Contrato",
    order="Pedido",
    vat_id="NIF-IVA",
    tax_number="NIF",
    registration="N.º de registro",
    identifier="Identificador",
    contact="Contacto",
    notes="Menciones",
    page="Página {page} de {pages}",
    issued_by="Expedida por {issuer} en nombre y por cuenta de {seller}.",
    self_billing="Facturación por el destinatario",
    reverse_charge="Inversión del sujeto pasivo",
)
