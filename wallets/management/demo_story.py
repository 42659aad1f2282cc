"""The people and the works of the demo."""

from dataclasses import dataclass
from typing import Final

from accounts.enums import Role
from gigs.enums import Category

PASSWORD: Final = "tranche-demo-2026"  # noqa: S105 - printed for everybody to use
DOMAIN: Final = "demo.example"
METHOD: Final = "test_ok"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo."""

    key: str
    name: str
    role: Role
    headline: str = ""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A gig that became a project; `pattern` says what became of each milestone.

    p paid, i invoiced, r in review, c changes requested, w in progress, f funded, - planned
    """

    commissioner: str
    freelancer: str
    title: str
    category: Category
    budget: str
    currency: str
    days_ago: int
    pattern: str
    parts: tuple[str, ...]
    skills: tuple[str, ...] = ()
    is_held: bool = False
    is_by_completion: bool = False


PEOPLE: Final = (
    Person("clara", "Clara Weiss", Role.COMMISSIONER),
    Person("daniel", "Daniel Moreau", Role.COMMISSIONER),
    Person(
        "fred",
        "Frederik Lund",
        Role.FREELANCER,
        "Django and PostgreSQL, from schema to screen",
        ("django", "postgresql", "css"),
    ),
    Person(
        "amara",
        "Amara Okafor",
        Role.FREELANCER,
        "Brand and interface design",
        ("design", "figma", "typography"),
    ),
    Person(
        "yuki",
        "Yuki Tanaka",
        Role.FREELANCER,
        "Data pipelines and careful charts",
        ("python", "data", "charts"),
    ),
    Person("noor", "Noor Haddad", Role.FREELANCER, "Words that explain", ("writing", "editing")),
)

WORKS: Final = (
    Work(
        "clara",
        "fred",
        "Museum web site",
        Category.DEVELOPMENT,
        "10000.00",
        "USD",
        350,
        "ppp",
        ("Architecture", "Features", "Launch"),
        ("django", "css"),
    ),
    Work(
        "daniel",
        "amara",
        "Identity for a bakery",
        Category.DESIGN,
        "4200.00",
        "EUR",
        320,
        "ppp",
        ("Moodboard", "Logo", "Guidelines"),
        ("design",),
    ),
    Work(
        "clara",
        "fred",
        "Ticket shop",
        Category.DEVELOPMENT,
        "12500.00",
        "USD",
        285,
        "ppp",
        ("Checkout", "Door scanner", "Reports"),
        ("django", "postgresql"),
    ),
    Work(
        "noor",
        "yuki",
        "Reader survey",
        Category.DATA,
        "2750.00",
        "EUR",
        250,
        "ppp",
        ("Questionnaire", "Analysis", "Charts"),
        ("data",),
    ),
    Work(
        "daniel",
        "noor",
        "Handbook for new staff",
        Category.WRITING,
        "1999.99",
        "EUR",
        215,
        "ppp",
        ("Outline", "Draft", "Final text"),
        ("writing",),
    ),
    Work(
        "clara",
        "yuki",
        "Visitor statistics",
        Category.DATA,
        "840000",
        "JPY",
        180,
        "ppp",
        ("Import", "Model", "Dashboard"),
        ("python", "charts"),
    ),
    Work(
        "daniel",
        "fred",
        "Order book",
        Category.DEVELOPMENT,
        "8800.00",
        "USD",
        145,
        "ppp",
        ("Data model", "Screens", "Hand-over"),
        ("django",),
    ),
    Work(
        "clara",
        "amara",
        "Exhibition posters",
        Category.DESIGN,
        "3600.00",
        "EUR",
        110,
        "ppp",
        ("Sketches", "Series", "Print files"),
        ("design", "typography"),
    ),
    Work(
        "daniel",
        "fred",
        "Delivery planner",
        Category.DEVELOPMENT,
        "9300.00",
        "USD",
        75,
        "ppp",
        ("Routes", "Driver view", "Pilot week"),
        ("django", "postgresql"),
    ),
    Work(
        "clara",
        "fred",
        "Membership portal",
        Category.DEVELOPMENT,
        "15000.00",
        "USD",
        32,
        "pirw",
        ("Accounts", "Payments", "Newsletter", "Hand-over"),
        ("django",),
    ),
    Work(
        "daniel",
        "amara",
        "Packaging",
        Category.DESIGN,
        "5400.00",
        "EUR",
        24,
        "ic-",
        ("Shapes", "Label", "Print files"),
        ("design",),
    ),
    Work(
        "noor",
        "yuki",
        "Podcast charts",
        Category.DATA,
        "1800.00",
        "EUR",
        16,
        "ir-",
        ("Sources", "Charts", "Automation"),
        ("data", "charts"),
    ),
    Work(
        "clara",
        "fred",
        "Loan register",
        Category.DEVELOPMENT,
        "8000.00",
        "USD",
        20,
        "pwf-",
        ("Data model", "Screens", "Import", "Hand-over"),
        ("django", "postgresql"),
        is_held=True,
    ),
    Work(
        "clara",
        "fred",
        "Guided tour app",
        Category.DEVELOPMENT,
        "3300.00",
        "USD",
        18,
        "p-",
        ("Tour script", "App"),
        ("django", "css"),
        is_by_completion=True,
    ),
)

WANTED: Final = Work(
    "clara",
    "",
    "Audio guide in three languages",
    Category.WRITING,
    "4800.00",
    "EUR",
    4,
    "",
    ("Script", "Translations", "Recording"),
    ("writing",),
)
PITCHES: Final = (
    ("noor", "I wrote two guides of this kind; samples are linked."),
    ("amara", "I would love to shape the voice of it."),
)
OPEN: Final = (
    Work(
        "daniel",
        "",
        "Shop floor dashboard",
        Category.DATA,
        "3900.00",
        "EUR",
        2,
        "",
        ("Sources", "Screens"),
        ("python", "charts"),
    ),
    Work(
        "noor",
        "",
        "Web shop for a small press",
        Category.DEVELOPMENT,
        "7200.00",
        "EUR",
        1,
        "",
        ("Catalogue", "Checkout", "Launch"),
        ("django", "css"),
    ),
)
DRAFT: Final = Work(
    "clara",
    "",
    "Children's corner",
    Category.DESIGN,
    "2600.00",
    "EUR",
    0,
    "",
    ("Ideas", "Design"),
    ("design",),
)
CLOSED: Final = Work(
    "daniel", "", "Menu boards", Category.DESIGN, "900.00", "EUR", 60, "", ("Boards",), ("design",)
)

EXTENDED: Final = "Membership portal"
MOVING: Final = "Moving the members of the old list"

LEGAL: Final[dict[str, dict[str, str]]] = {
    "fred": {
        "legal_name": "Frederik Lund",
        "street": "Vesterbrogade 12",
        "postcode": "1620",
        "city": "København",
        "country": "DK",
        "vat_id": "DK13585628",
        "tax_status": "registered",
    },
    "amara": {
        "legal_name": "Amara Okafor",
        "street": "Sonnenallee 40",
        "postcode": "12045",
        "city": "Berlin",
        "country": "DE",
        "tax_number": "181/815/08155",
        "tax_status": "small_business",
    },
    "noor": {
        "legal_name": "Noor Haddad",
        "street": "Torstrasse 140",
        "postcode": "10119",
        "city": "Berlin",
        "country": "DE",
        "vat_id": "DE129273398",
        "tax_status": "registered",
        "buyer_kind": "business",
    },
    "daniel": {
        "legal_name": "Bäckerei Moreau",
        "street": "Hauptstrasse 3",
        "postcode": "79098",
        "city": "Freiburg",
        "country": "DE",
        "buyer_kind": "business",
    },
}
"""Legal data, so that invoices show reverse charge, small business and domestic tax; Yuki has none."""
