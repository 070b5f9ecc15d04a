"""Does the answer follow the slider, and is an answer shown without one too? Without a browser; test_lab has that."""

import base64
import re
import tomllib

import pytest
from bs4 import BeautifulSoup
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from analysis import sliders
from analysis.card import Card, open_card
from analysis.errors import ParameterError
from analysis.language import use_language
from analysis.sliders import try_leaders, try_rates, try_rules


@pytest.fixture(scope="module")
def april():
    use_language("en")
    return open_card("hoa-binh", "2023-04")


@pytest.fixture
def shown():
    """What a notebook would show: (HTML, whether it replaces what the cell showed before)."""
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    yield lambda: [
        (output["data"]["text/html"], bool(output.get("update")))
        for output in shell.display_pub.outputs
        if "text/html" in output["data"]
    ]
    InteractiveShell.clear_instance()


def picture(html):
    data = re.search(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html)[1]
    return " ".join(re.findall(r">([^<>]+)</text>", base64.b64decode(data).decode()))


def test_without_a_move_the_two_levers_are_weighed(april, shown):
    trial = try_rates(april)
    ((html, update),) = shown()
    assert not update
    assert trial.levers == {"e_result": 80.0, "data_reuse": 80.0}
    assert "4.37 to 5.46" in picture(html)
    assert april.what_if(trial.levers).table["gain_low"].iloc[-1] == pytest.approx(4.37, abs=0.005)


def test_a_move_replaces_the_answer_with_that_of_the_new_rate(april, shown):
    trial = try_rates(april, "e_result")
    trial.sliders["e_result"].value = 90.0
    (_first, before), (html, update) = shown()
    assert (before, update) == (False, True)
    gain = april.what_if({"e_result": 90}).table.iloc[0]
    assert f"{gain['gain_low']:.2f} to {gain['gain_high']:.2f}" in picture(html)


def test_a_slider_starts_at_todays_rate_and_is_no_lever_there(april, shown):
    trial = try_rates(april, "e_result", "on_time")
    assert trial.sliders["e_result"].min == 33.9  # 33.83 %, to the next tenth
    assert trial.sliders["on_time"].min == pytest.approx(88.3)  # not printed: the least that the figures allow
    assert "today 88 to 89 %" in trial.sliders["on_time"].description
    assert trial.levers == {"e_result": 80.0}
    trial.sliders["e_result"].value = 33.9
    assert trial.levers == {}
    assert "move a slider" in shown()[-1][0]


@pytest.mark.parametrize("weighed", [{"on_time"}, pytest.param(None, marks=pytest.mark.slow)])
def test_every_position_of_a_slider_can_be_weighed(april, shown, weighed):
    trial = try_rates(april, *april.results.identified.rubric.indicators)
    for code, slider in trial.sliders.items():
        assert 0 <= slider.min <= slider.value <= slider.max == 100, code
        if slider.min < 100 and code in (weighed or trial.sliders):
            gained = april.what_if({code: min(slider.min + slider.step, 100)}).table
            assert gained["gain_low"].iloc[0] >= 0


def test_an_error_is_told_in_place_of_the_answer(april, shown, monkeypatch):
    """An error of a callback is seen nowhere in a notebook, so it must be the answer."""

    def refused(_card, _levers):
        raise ParameterError("Not this.", ["one row"], "Do that.")

    trial = try_rates(april)
    monkeypatch.setattr(Card, "weighing", refused)
    trial.sliders["e_result"].value = 100.0
    html, update = shown()[-1]
    assert update and "<p>Not this.</p><ul><li>one row</li></ul><p>Do that.</p>" in html


def test_the_rates_are_written_down(project_copy, shown):
    trial = try_rates(open_card("hoa-binh", "2023-04"), "e_result", "data_reuse")
    trial.sliders["data_reuse"].value = 55.5
    name = trial.save(62)
    assert name == "reports/scenarios/hoa-binh-2023-04.toml"
    written = tomllib.loads((project_copy / name).read_text(encoding="utf-8"))
    assert written["levers"] == {"e_result": 80.0, "data_reuse": 55.5}
    assert (written["entity"], written["month"], written["target_score"]) == ("Hòa Bình", "2023-04", 62.0)


def boxes(monkeypatch):
    """The controls that were shown."""
    made = []
    monkeypatch.setattr(sliders.ipywidgets, "VBox", lambda controls: made.extend(controls) or controls[0])
    return made


def test_rules_to_choose_tell_what_survives_or_what_forbids_it(april, shown, monkeypatch):
    made = boxes(monkeypatch)
    try_rules(april, "procedures_with_online_payment")
    (choice,) = made
    assert choice.options[:2] == (("no target", 100.0), ("95 %", 95.0))
    survivors = f"{april.results.identified.survivors:,}"
    assert f"{survivors} of " in shown()[0][0]
    choice.value = (30.0,)
    assert "<ul><li>" in shown()[-1][0] and "smallest set" in shown()[-1][0]
    choice.value = ()
    assert "Choose one target or more" in shown()[-1][0]
    choice.value = (80.0,)
    rows = BeautifulSoup(shown()[-1][0], "html.parser").tbody.find_all("tr")
    assert [row.find_all("td")[2].get_text() for row in rows] == ["2", "80"]


def test_leaders_follow_their_share(shown, monkeypatch):
    made = boxes(monkeypatch)
    try_leaders(open_card("phu-tho", "2026"))
    (slider,) = made
    assert "The 8 leading provinces" in shown()[0][0]
    slider.value = 50
    assert "The 17 leading provinces" in shown()[-1][0]
