import polars as pl
import pytest

from inhabit.records.reading import ReadError, parse_mapping, read

MAPPING = parse_mapping("conversation=conv,role=speaker,content=text,time=ts,maker=who,rating=stars")
HEADER = "conv,speaker,text,ts,who,stars\n"


def csv(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_rows_of_a_conversation_belong_together_in_order_of_time(tmp_path):
    rows = "a,customer,one,10,ann,3\nb,human,x,5,bob,\na,agent,three,30,,\na,customer,two,20,ann,4\n"
    got = read(csv(tmp_path, HEADER + rows), mapping=MAPPING)
    assert [(life.id, life.maker) for life in got.lives] == [("a", "ann"), ("b", "bob")]
    assert [(m.role, m.content, m.time, m.rating) for m in got.lives[0].messages] == [
        ("user", "one", 0.0, 3.0),
        ("user", "two", 10.0, 4.0),
        ("assistant", "three", 20.0, None),
    ]
    assert [problem.line for problem in got.mended] == [2]


def test_a_parquet_file_gives_the_same_lives_as_a_csv_file(tmp_path):
    path = csv(tmp_path, HEADER + 'a,user,"one, two",1.5,ann,3\na,bot,"q""q",2.5,ann,\n')
    pl.read_csv(path).write_parquet(tmp_path / "log.parquet")
    assert read(path, mapping=MAPPING).lives == read(tmp_path / "log.parquet", mapping=MAPPING).lives


def test_broken_rows_are_set_aside_with_their_line(tmp_path):
    rows = 'a,user,"over\ntwo lines",1,ann,3\na,user,too,few\n,user,nobody,2,ann,1\na,user,fine,3,ann,many\n'
    got = read(csv(tmp_path, HEADER + rows), mapping=MAPPING)
    assert [m.content for m in got.lives[0].messages] == ["over\ntwo lines", "fine"]
    assert [problem.line for problem in got.set_aside] == [4, 5]
    assert [(problem.line, problem.field) for problem in got.mended] == [(6, "rating")]


def test_columns_are_guessed_by_their_usual_names_and_unread_ones_said(tmp_path):
    got = read(csv(tmp_path, "conversation_id,speaker,text,colour\na,user,hello,red\n"))
    assert got.lives[0].messages[0].content == "hello"
    assert "colour" in str(got.mended[0])


def test_a_named_maker_role_makes_every_other_one_a_partner(tmp_path):
    rows = "conv,speaker,text\na,Seller,mine\na,user,yours\n"
    got = read(csv(tmp_path, rows), mapping={"id": "conv", "role": "speaker", "content": "text", "user_role": "seller"})
    assert [m.role for m in got.lives[0].messages] == ["user", "partner"]


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("a,b,c\n1,2,3\n", {}),
        ("conv,speaker,text\n1,2,3\n", {"id": "conversation"}),
        ("", {}),
        ("\r\0", {}),
    ],
)
def test_a_table_that_cannot_be_understood_names_its_columns(tmp_path, header, mapping):
    path = csv(tmp_path, header)
    if "," in header:
        with pytest.raises(ReadError, match="columns are"):
            read(path, mapping=mapping)
    else:
        with pytest.raises(ReadError, match="header"):
            read(path, mapping=mapping, format="table")


def test_a_cut_parquet_file_is_refused_in_one_line(tmp_path):
    pl.DataFrame({"id": ["a"] * 100, "role": "user", "text": "x"}).write_parquet(tmp_path / "log.parquet")
    raw = (tmp_path / "log.parquet").read_bytes()
    (tmp_path / "log.parquet").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ReadError, match="Parquet"):
        read(tmp_path / "log.parquet")


@pytest.mark.parametrize("text", ["conversation", "colour=x", "role="])
def test_wrong_words_of_a_mapping_are_refused(text):
    with pytest.raises(ReadError, match="--map"):
        parse_mapping(text)


def test_words_of_a_mapping():
    assert parse_mapping("conversation=c, role = r,user_role=Kunde") == {"id": "c", "role": "r", "user_role": "Kunde"}
