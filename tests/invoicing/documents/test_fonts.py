from scripts.fonts import COVERAGE, covered, ranges_of


def test_the_list_of_what_the_fonts_cover_is_right():
    assert COVERAGE.read_text().splitlines() == list(ranges_of(covered()))


def test_the_fonts_cover_what_people_are_named_in():
    alphabets = "Łódź Ñuñez Þór Ştefan Ærø Ελληνικά Кириллица العربية 日本語のカタカナ 中文简体 中文繁體 한국어"

    assert {ord(letter) for letter in alphabets} <= covered()
    assert covered() >= set(range(0x4E00, 0x9FA6)) | set(range(0xAC00, 0xD7A4))
