"""Countries as addresses name them in German, French and Spanish (Unicode CLDR)."""

from typing import Final

from common.countries import COUNTRIES
from invoicing.documents.model import Language

_GERMAN: Final = """
AF Afghanistan|AX Ålandinseln|AL Albanien|DZ Algerien|AS Amerikanisch-Samoa|AD Andorra|AO Angola
AI Anguilla|AQ Antarktis|AG Antigua und Barbuda|AR Argentinien|AM Armenien|AW Aruba|AU Australien
AT Österreich|AZ Aserbaidschan|BS Bahamas|BH Bahrain|BD Bangladesch|BB Barbados|BY Belarus
BE Belgien|BZ Belize|BJ Benin|BM Bermuda|BT Bhutan|BO Bolivien|BQ Karibische Niederlande
BA Bosnien und Herzegowina|BW Botsuana|BV Bouvetinsel|BR Brasilien
IO Britisches Territorium im Indischen Ozean|BN Brunei Darussalam|BG Bulgarien|BF Burkina Faso
BI Burundi|CV Cabo Verde|KH Kambodscha|CM Kamerun|CA Kanada|KY Kaimaninseln
CF Zentralafrikanische Republik|TD Tschad|CL Chile|CN China|CX Weihnachtsinsel|CC Kokosinseln
CO Kolumbien|KM Komoren|CG Kongo-Brazzaville|CD Kongo-Kinshasa|CK Cookinseln|CR Costa Rica
CI Côte d'Ivoire|HR Kroatien|CU Kuba|CW Curaçao|CY Zypern|CZ Tschechien|DK Dänemark|DJ Dschibuti
DM Dominica|DO Dominikanische Republik|EC Ecuador|EG Ägypten|SV El Salvador|GQ Äquatorialguinea
ER Eritrea|EE Estland|SZ Eswatini|ET Äthiopien|FK Falklandinseln|FO Färöer|FJ Fidschi|FI Finnland
FR Frankreich|GF Französisch-Guayana|PF Französisch-Polynesien
TF Französische Süd- und Antarktisgebiete|GA Gabun|GM Gambia|GE Georgien|DE Deutschland|GH Ghana
GI Gibraltar|GR Griechenland|GL Grönland|GD Grenada|GP Guadeloupe|GU Guam|GT Guatemala|GG Guernsey
GN Guinea|GW Guinea-Bissau|GY Guyana|HT Haiti|HM Heard und McDonaldinseln|VA Vatikanstadt
HN Honduras|HK Hongkong|HU Ungarn|IS Island|IN Indien|ID Indonesien
IR Iran|IQ Irak|IE Irland|IM Isle of Man|IL Israel|IT Italien|JM Jamaika|JP Japan|JE Jersey
JO Jordanien|KZ Kasachstan|KE Kenia|KI Kiribati|KP Nordkorea|KR Südkorea|KW Kuwait|KG Kirgisistan
LA Laos|LV Lettland|LB Libanon|LS Lesotho|LR Liberia|LY Libyen|LI Liechtenstein|LT Litauen
LU Luxemburg|MO Macau|MG Madagaskar|MW Malawi|MY Malaysia|MV Malediven
ML Mali|MT Malta|MH Marshallinseln|MQ Martinique|MR Mauretanien|MU Mauritius|YT Mayotte|MX Mexiko
FM Mikronesien|MD Republik Moldau|MC Monaco|MN Mongolei|ME Montenegro|MS Montserrat|MA Marokko
MZ Mosambik|MM Myanmar|NA Namibia|NR Nauru|NP Nepal|NL Niederlande|NC Neukaledonien|NZ Neuseeland
NI Nicaragua|NE Niger|NG Nigeria|NU Niue|NF Norfolkinsel|MK Nordmazedonien|MP Nördliche Marianen
NO Norwegen|OM Oman|PK Pakistan|PW Palau|PS Palästinensische Autonomiegebiete|PA Panama
PG Papua-Neuguinea|PY Paraguay|PE Peru|PH Philippinen|PN Pitcairninseln|PL Polen|PT Portugal
PR Puerto Rico|QA Katar|RE Réunion|RO Rumänien|RU Russland|RW Ruanda|BL St. Barthélemy
SH St. Helena|KN St. Kitts und Nevis|LC St. Lucia|MF St. Martin|PM St. Pierre und Miquelon
VC St. Vincent und die Grenadinen|WS Samoa|SM San Marino|ST São Tomé und Príncipe|SA Saudi-Arabien
SN Senegal|RS Serbien|SC Seychellen|SL Sierra Leone|SG Singapur|SX Sint Maarten|SK Slowakei
SI Slowenien|SB Salomonen|SO Somalia|ZA Südafrika|GS Südgeorgien und die Südlichen Sandwichinseln
SS Südsudan|ES Spanien|LK Sri Lanka|SD Sudan|SR Suriname|SJ Spitzbergen und Jan Mayen|SE Schweden
CH Schweiz|SY Syrien|TW Taiwan|TJ Tadschikistan|TZ Tansania|TH Thailand|TL Timor-Leste|TG Togo
TK Tokelau|TO Tonga|TT Trinidad und Tobago|TN Tunesien|TR Türkei|TM Turkmenistan
TC Turks- und Caicosinseln|TV Tuvalu|UG Uganda|UA Ukraine|AE Vereinigte Arabische Emirate
GB Vereinigtes Königreich|US Vereinigte Staaten|UM Amerikanische Überseeinseln|UY Uruguay
UZ Usbekistan|VU Vanuatu|VE Venezuela|VN Vietnam|VG Britische Jungferninseln
VI Amerikanische Jungferninseln|WF Wallis und Futuna|EH Westsahara|YE Jemen|ZM Sambia|ZW Simbabwe
"""

_FRENCH: Final = """
AF Afghanistan|AX Îles Åland|AL Albanie|DZ Algérie|AS Samoa américaines|AD Andorre|AO Angola
AI Anguilla|AQ Antarctique|AG Antigua-et-Barbuda|AR Argentine|AM Arménie|AW Aruba|AU Australie
AT Autriche|AZ Azerbaïdjan|BS Bahamas|BH Bahreïn|BD Bangladesh|BB Barbade|BY Biélorussie
BE Belgique|BZ Belize|BJ Bénin|BM Bermudes|BT Bhoutan|BO Bolivie|BQ Pays-Bas caribéens
BA Bosnie-Herzégovine|BW Botswana|BV Île Bouvet|BR Brésil
IO Territoire britannique de l'océan Indien|BN Brunei|BG Bulgarie|BF Burkina Faso|BI Burundi
CV Cap-Vert|KH Cambodge|CM Cameroun|CA Canada|KY Îles Caïmans|CF République centrafricaine
TD Tchad|CL Chili|CN Chine|CX Île Christmas|CC Îles Cocos|CO Colombie|KM Comores
CG Congo-Brazzaville|CD Congo-Kinshasa|CK Îles Cook|CR Costa Rica|CI Côte d'Ivoire|HR Croatie
CU Cuba|CW Curaçao|CY Chypre|CZ Tchéquie|DK Danemark|DJ Djibouti|DM Dominique
DO République dominicaine|EC Équateur|EG Égypte|SV Salvador|GQ Guinée équatoriale|ER Érythrée
EE Estonie|SZ Eswatini|ET Éthiopie|FK Îles Malouines|FO Îles Féroé|FJ Fidji|FI Finlande|FR France
GF Guyane française|PF Polynésie française|TF Terres australes françaises|GA Gabon|GM Gambie
GE Géorgie|DE Allemagne|GH Ghana|GI Gibraltar|GR Grèce|GL Groenland|GD Grenade|GP Guadeloupe
GU Guam|GT Guatemala|GG Guernesey|GN Guinée|GW Guinée-Bissau|GY Guyana|HT Haïti
HM Îles Heard-et-MacDonald|VA État de la Cité du Vatican|HN Honduras
HK Hong Kong|HU Hongrie|IS Islande|IN Inde|ID Indonésie|IR Iran|IQ Irak
IE Irlande|IM Île de Man|IL Israël|IT Italie|JM Jamaïque|JP Japon|JE Jersey|JO Jordanie
KZ Kazakhstan|KE Kenya|KI Kiribati|KP Corée du Nord|KR Corée du Sud|KW Koweït|KG Kirghizstan
LA Laos|LV Lettonie|LB Liban|LS Lesotho|LR Liberia|LY Libye|LI Liechtenstein|LT Lituanie
LU Luxembourg|MO Macao|MG Madagascar|MW Malawi|MY Malaisie|MV Maldives|ML Mali
MT Malte|MH Îles Marshall|MQ Martinique|MR Mauritanie|MU Maurice|YT Mayotte|MX Mexique
FM Micronésie|MD Moldavie|MC Monaco|MN Mongolie|ME Monténégro|MS Montserrat|MA Maroc|MZ Mozambique
MM Myanmar (Birmanie)|NA Namibie|NR Nauru|NP Népal|NL Pays-Bas|NC Nouvelle-Calédonie
NZ Nouvelle-Zélande|NI Nicaragua|NE Niger|NG Nigeria|NU Niue|NF Île Norfolk|MK Macédoine du Nord
MP Îles Mariannes du Nord|NO Norvège|OM Oman|PK Pakistan|PW Palaos|PS Territoires palestiniens
PA Panama|PG Papouasie-Nouvelle-Guinée|PY Paraguay|PE Pérou|PH Philippines|PN Îles Pitcairn
PL Pologne|PT Portugal|PR Porto Rico|QA Qatar|RE La Réunion|RO Roumanie|RU Russie|RW Rwanda
BL Saint-Barthélemy|SH Sainte-Hélène|KN Saint-Christophe-et-Niévès|LC Sainte-Lucie|MF Saint-Martin
PM Saint-Pierre-et-Miquelon|VC Saint-Vincent-et-les Grenadines|WS Samoa|SM Saint-Marin
ST Sao Tomé-et-Principe|SA Arabie saoudite|SN Sénégal|RS Serbie|SC Seychelles|SL Sierra Leone
SG Singapour|SX Saint-Martin (partie néerlandaise)|SK Slovaquie|SI Slovénie|SB Îles Salomon
SO Somalie|ZA Afrique du Sud|GS Géorgie du Sud-et-les Îles Sandwich du Sud|SS Soudan du Sud
ES Espagne|LK Sri Lanka|SD Soudan|SR Suriname|SJ Svalbard et Jan Mayen|SE Suède|CH Suisse|SY Syrie
TW Taïwan|TJ Tadjikistan|TZ Tanzanie|TH Thaïlande|TL Timor oriental|TG Togo|TK Tokelau|TO Tonga
TT Trinité-et-Tobago|TN Tunisie|TR Turquie|TM Turkménistan|TC Îles Turques-et-Caïques|TV Tuvalu
UG Ouganda|UA Ukraine|AE Émirats arabes unis|GB Royaume-Uni|US États-Unis
UM Îles mineures éloignées des États-Unis|UY Uruguay|UZ Ouzbékistan|VU Vanuatu|VE Venezuela
VN Viêt Nam|VG Îles Vierges britanniques|VI Îles Vierges des États-Unis|WF Wallis-et-Futuna
EH Sahara occidental|YE Yémen|ZM Zambie|ZW Zimbabwe
"""

_SPANISH: Final = """
AF Afganistán|AX Islas Aland|AL Albania|DZ Argelia|AS Samoa Americana|AD Andorra|AO Angola
AI Anguila|AQ Antártida|AG Antigua y Barbuda|AR Argentina|AM Armenia|AW Aruba|AU Australia
AT Austria|AZ Azerbaiyán|BS Bahamas|BH Baréin|BD Bangladés|BB Barbados|BY Bielorrusia|BE Bélgica
BZ Belice|BJ Benín|BM Bermudas|BT Bután|BO Bolivia|BQ Caribe neerlandés|BA Bosnia y Herzegovina
BW Botsuana|BV Isla Bouvet|BR Brasil|IO Territorio Británico del Océano Índico|BN Brunéi
BG Bulgaria|BF Burkina Faso|BI Burundi|CV Cabo Verde|KH Camboya|CM Camerún|CA Canadá
KY Islas Caimán|CF República Centroafricana|TD Chad|CL Chile|CN China|CX Isla de Navidad
CC Islas Cocos|CO Colombia|KM Comoras|CG Congo|CD República Democrática del Congo|CK Islas Cook
CR Costa Rica|CI Côte d'Ivoire|HR Croacia|CU Cuba|CW Curazao|CY Chipre|CZ Chequia|DK Dinamarca
DJ Yibuti|DM Dominica|DO República Dominicana|EC Ecuador|EG Egipto|SV El Salvador
GQ Guinea Ecuatorial|ER Eritrea|EE Estonia|SZ Esuatini|ET Etiopía|FK Islas Malvinas|FO Islas Feroe
FJ Fiyi|FI Finlandia|FR Francia|GF Guayana Francesa|PF Polinesia Francesa
TF Territorios Australes Franceses|GA Gabón|GM Gambia|GE Georgia|DE Alemania|GH Ghana|GI Gibraltar
GR Grecia|GL Groenlandia|GD Granada|GP Guadalupe|GU Guam|GT Guatemala|GG Guernesey|GN Guinea
GW Guinea-Bisáu|GY Guyana|HT Haití|HM Islas Heard y McDonald|VA Ciudad del Vaticano|HN Honduras
HK Hong Kong|HU Hungría|IS Islandia|IN India|ID Indonesia|IR Irán|IQ Irak
IE Irlanda|IM Isla de Man|IL Israel|IT Italia|JM Jamaica|JP Japón|JE Jersey|JO Jordania
KZ Kazajistán|KE Kenia|KI Kiribati|KP Corea del Norte|KR Corea del Sur|KW Kuwait|KG Kirguistán
LA Laos|LV Letonia|LB Líbano|LS Lesoto|LR Liberia|LY Libia|LI Liechtenstein|LT Lituania
LU Luxemburgo|MO Macao|MG Madagascar|MW Malaui|MY Malasia|MV Maldivas|ML Mali
MT Malta|MH Islas Marshall|MQ Martinica|MR Mauritania|MU Mauricio|YT Mayotte|MX México
FM Micronesia|MD Moldavia|MC Mónaco|MN Mongolia|ME Montenegro|MS Montserrat|MA Marruecos
MZ Mozambique|MM Myanmar (Birmania)|NA Namibia|NR Nauru|NP Nepal|NL Países Bajos
NC Nueva Caledonia|NZ Nueva Zelanda|NI Nicaragua|NE Níger|NG Nigeria|NU Niue|NF Isla Norfolk
MK Macedonia del Norte|MP Islas Marianas del Norte|NO Noruega|OM Omán|PK Pakistán|PW Palaos
PS Territorios Palestinos|PA Panamá|PG Papúa Nueva Guinea|PY Paraguay|PE Perú|PH Filipinas
PN Islas Pitcairn|PL Polonia|PT Portugal|PR Puerto Rico|QA Catar|RE Reunión|RO Rumanía|RU Rusia
RW Ruanda|BL San Bartolomé|SH Santa Elena|KN San Cristóbal y Nieves|LC Santa Lucía|MF San Martín
PM San Pedro y Miquelón|VC San Vicente y las Granadinas|WS Samoa|SM San Marino
ST Santo Tomé y Príncipe|SA Arabia Saudí|SN Senegal|RS Serbia|SC Seychelles|SL Sierra Leona
SG Singapur|SX Sint Maarten|SK Eslovaquia|SI Eslovenia|SB Islas Salomón|SO Somalia|ZA Sudáfrica
GS Islas Georgia del Sur y Sandwich del Sur|SS Sudán del Sur|ES España|LK Sri Lanka|SD Sudán
SR Surinam|SJ Svalbard y Jan Mayen|SE Suecia|CH Suiza|SY Siria|TW Taiwán|TJ Tayikistán|TZ Tanzania
TH Tailandia|TL Timor-Leste|TG Togo|TK Tokelau|TO Tonga|TT Trinidad y Tobago|TN Túnez|TR Turquía
TM Turkmenistán|TC Islas Turcas y Caicos|TV Tuvalu|UG Uganda|UA Ucrania|AE Emiratos Árabes Unidos
GB Reino Unido|US Estados Unidos|UM Islas menores alejadas de EE. UU.|UY Uruguay|UZ Uzbekistán
VU Vanuatu|VE Venezuela|VN Vietnam|VG Islas Vírgenes Británicas|VI Islas Vírgenes de EE. UU.
WF Wallis y Futuna|EH Sáhara Occidental|YE Yemen|ZM Zambia|ZW Zimbabue
"""


def _names(table: str) -> dict[str, str]:
    return {
        entry[:2]: entry[3:] for line in table.strip().splitlines() for entry in line.split("|")
    }


_NAMES: Final = {
    Language.ENGLISH: COUNTRIES,
    Language.GERMAN: _names(_GERMAN),
    Language.FRENCH: _names(_FRENCH),
    Language.SPANISH: _names(_SPANISH),
}


def country_name(code: str, language: Language) -> str:
    """The country's name; an unknown code as it is."""
    return _NAMES[language].get(code, code)
