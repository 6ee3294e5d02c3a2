"""What is asked of the scanner, and what comes of it: values that there are, others, none, and nonsense."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.soap.markup import Element
from openwmi.soap.namespaces import SCAN
from openwmi.wsd import Faulted
from openwmi.wsd.scanner.capabilities import LEGAL, Capabilities, Size
from openwmi.wsd.scanner.ticket import LARGEST, OVERRIDE, USED_DEFAULT, Chosen, Region, Ticket, parse_ticket


def element(inner: str) -> Element:
    return etree.fromstring(f'<w:ScanTicket xmlns:w="{SCAN}" xmlns="{SCAN}">{inner}</w:ScanTicket>')


def parsed(parameters: str = "", front: str = "", *, lenient: bool = False, description: str = "") -> Ticket:
    sides = f"<MediaSides><MediaFront>{front}</MediaFront></MediaSides>"
    described = f"<JobDescription>{description}</JobDescription>"
    inner = f"{described}<DocumentParameters>{parameters}{sides}</DocumentParameters>"
    return parse_ticket(element(inner), Capabilities(), LEGAL, lenient=lenient)


def refusal(parameters: str = "", front: str = "") -> tuple[str, str, str | None]:
    """The name of the fault; and of the argument, with its value, in the detail."""
    with pytest.raises(Faulted) as error:
        parsed(parameters, front)
    fault = error.value.fault
    assert fault.subcode is not None
    (detail,) = fault.detail
    return fault.subcode.local, detail.name.local, detail.element().text


@pytest.mark.parametrize("inner", [None, "", "<DocumentParameters/>"])
def test_nothing_is_asked_for(inner: str | None) -> None:
    ticket = parse_ticket(None if inner is None else element(inner), Capabilities(600), Size(9000, 15000))
    assert (ticket.format, ticket.colour) == (Chosen("png", USED_DEFAULT), Chosen("RGB24", USED_DEFAULT))
    assert (ticket.source.value, ticket.images.value, ticket.name) == ("ADF", 0, "")
    assert [each.value for each in ticket.resolution] == [600, 600]
    assert ticket.area == Region(0, 0, 9000, 15000)
    assert ticket.is_as_asked


def test_all_is_asked_for_and_to_be_had() -> None:
    ticket = parsed(
        "<Format>jfif</Format><CompressionQualityFactor>45</CompressionQualityFactor>"
        "<ImagesToTransfer>3</ImagesToTransfer><InputSource> ADF </InputSource><ContentType>Auto</ContentType>"
        "<InputSize><InputMediaSize><Width>8000</Width><Height>10000</Height></InputMediaSize></InputSize>"
        "<Rotation>0</Rotation><Scaling><ScalingWidth>100</ScalingWidth><ScalingHeight>100</ScalingHeight></Scaling>"
        "<Exposure><ExposureSettings><Contrast>0</Contrast></ExposureSettings></Exposure>",
        "<ScanRegion><ScanRegionXOffset>10</ScanRegionXOffset><ScanRegionYOffset>20</ScanRegionYOffset>"
        "<ScanRegionWidth>30</ScanRegionWidth><ScanRegionHeight>40</ScanRegionHeight></ScanRegion>"
        "<ColorProcessing>Grayscale8</ColorProcessing><Resolution><Width>75</Width><Height>150</Height></Resolution>",
        description="<JobName>n</JobName><JobOriginatingUserName>u</JobOriginatingUserName>"
        "<JobInformation>i</JobInformation>",
    )
    assert (ticket.name, ticket.user, ticket.information) == ("n", "u", "i")
    assert (ticket.format, ticket.quality, ticket.images) == (Chosen("jfif"), Chosen(45), Chosen(3))
    assert (ticket.colour, ticket.resolution) == (Chosen("Grayscale8"), (Chosen(75), Chosen(150)))
    assert ticket.size == (Chosen(8000), Chosen(10000))
    assert ticket.region == (Chosen(10), Chosen(20), Chosen(30), Chosen(40))
    assert ticket.is_as_asked


@pytest.mark.parametrize(
    ("local", "asked", "found"),
    [
        ("InputSource", "Platen", "ADF"),
        ("ContentType", "Photo", "Auto"),
        ("CompressionQualityFactor", "0", "1"),
        ("CompressionQualityFactor", "101", "100"),
    ],
)
def test_what_is_not_to_be_had_is_replaced(local: str, asked: str, found: str) -> None:
    fields = {"InputSource": "source", "ContentType": "content", "CompressionQualityFactor": "quality"}
    ticket = parsed(f"<{local}>{asked}</{local}>")
    chosen = getattr(ticket, fields[local])
    assert (str(chosen.value), chosen.why) == (found, OVERRIDE)
    assert not ticket.is_as_asked
    for must in ('w:MustHonor="true"', 'w:MustHonor="1"', 'MustHonor=" true"'):
        assert refusal(f"<{local} {must}>{asked}</{local}>") == ("InvalidArgs", local, asked)
        assert getattr(parsed(f"<{local} {must}>{asked}</{local}>", lenient=True), fields[local]) == chosen
    assert getattr(parsed(f'<{local} w:MustHonor="false">{asked}</{local}>'), fields[local]) == chosen


def test_a_format_is_never_replaced() -> None:
    assert refusal("<Format>xps</Format>") == ("ClientErrorFormatNotSupported", "Format", "xps")
    assert parsed("<Format>xps</Format>", lenient=True).format == Chosen("png", OVERRIDE)


@pytest.mark.parametrize(
    "asked",
    [
        "<Rotation>90</Rotation>",
        "<Scaling><ScalingWidth>50</ScalingWidth></Scaling>",
        "<Exposure><AutoExposure>true</AutoExposure></Exposure>",
        "<FilmScanMode>ColorSlideFilm</FilmScanMode>",
    ],
)
def test_images_are_not_changed_otherwise(asked: str) -> None:
    assert not parsed(asked).is_as_asked
    local = asked[1 : asked.index(">")]
    assert refusal(asked.replace(">", ' w:MustHonor="true">', 1))[:2] == ("InvalidArgs", local)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("<Width>1200</Width><Height>1200</Height>", (300, 300)),
        ("<Width>90</Width><Height>110</Height>", (100, 100)),
        ("<Width>200</Width>", (200, 200)),
        ("<Height>75</Height>", (75, 75)),
        ("", (300, 300)),
    ],
)
def test_the_nearest_resolution(asked: str, found: tuple[int, int]) -> None:
    ticket = parsed(front=f"<Resolution>{asked}</Resolution>")
    assert tuple(each.value for each in ticket.resolution) == found


def test_a_resolution_that_must_be_honoured() -> None:
    """It is said of the two together."""
    asked = '<Resolution w:MustHonor="true"><Width>301</Width><Height>300</Height></Resolution>'
    assert refusal(front=asked) == ("InvalidArgs", "Width", "301")


def test_a_region_that_is_larger_than_the_sheet() -> None:
    ticket = parsed(
        "<InputSize><InputMediaSize><Width>9999</Width><Height>1000</Height></InputMediaSize></InputSize>",
        "<ScanRegion><ScanRegionXOffset>8000</ScanRegionXOffset><ScanRegionWidth>600</ScanRegionWidth></ScanRegion>",
    )
    assert ticket.size == (Chosen(8500, OVERRIDE), Chosen(1000))
    assert ticket.region == (Chosen(8000), Chosen(0, USED_DEFAULT), Chosen(500, OVERRIDE), Chosen(1000, USED_DEFAULT))


@pytest.mark.parametrize("local", ["ScanRegionXOffset", "ScanRegionYOffset"])
def test_a_region_outside_of_the_sheet(local: str) -> None:
    asked = f"<ScanRegion><{local}>20000</{local}></ScanRegion>"
    assert refusal(front=asked) == ("InvalidArgs", local, "20000")


@pytest.mark.parametrize("nonsense", ["-1", "1.5", "many", "", "٣", str(LARGEST + 1), "9" * 5000])
def test_what_is_no_number(nonsense: str) -> None:
    fault, local, value = refusal(f"<ImagesToTransfer>{nonsense}</ImagesToTransfer>")
    assert (fault, local, value or "") == ("InvalidArgs", "ImagesToTransfer", nonsense[:256])


LOCALS = """
    JobDescription JobName DocumentParameters Format CompressionQualityFactor ImagesToTransfer InputSource ContentType
    InputSize InputMediaSize Width Height Exposure Scaling Rotation MediaSides MediaFront ScanRegion ColorProcessing
    ScanRegionXOffset ScanRegionYOffset ScanRegionWidth ScanRegionHeight Resolution Other
""".split()
TREES = st.recursive(
    st.sampled_from(["", "0", "1", "300", "png", "-7", "Platen", "RGB24", "2147483649", "x y", "\u0663"]),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(LOCALS), st.sampled_from(["", ' w:MustHonor="1"']), inner), max_size=4
    ),
)


def tree(grown: Any) -> str:
    if isinstance(grown, str):
        return grown
    return "".join(f"<{local}{must}>{tree(inner)}</{local}>" for local, must, inner in grown)


@given(grown=TREES, lenient=st.booleans())
def test_whatever_is_asked_for(grown: Any, lenient: bool) -> None:
    """It is a ticket that can be carried out, or a fault."""
    try:
        ticket = parsed(tree(grown), tree(grown), lenient=lenient, description=tree(grown))
    except (Faulted, RemoteProtocolError):
        return
    area = ticket.area
    assert area.x + area.width <= ticket.size[0].value <= LEGAL.width
    assert area.y + area.height <= ticket.size[1].value <= LEGAL.height
    assert min(area.width, area.height) > 0
    assert {each.value for each in ticket.resolution} <= {*Capabilities().resolutions}


def test_names_are_cut() -> None:
    assert len(parsed(description=f"<JobName>{'n' * 5000}</JobName>").name) <= 256


def test_what_it_can_do() -> None:
    assert Capabilities().resolutions == (75, 100, 150, 200, 300)
    assert Capabilities(72).resolutions == (72,)
    assert Capabilities(300).size(300, 301) == Size(1000, 1004)
    assert Capabilities().largest(Size(1, 1)) == LEGAL
    assert Capabilities().largest(Size(20000, 1)) == Size(20000, 20000)
    for optical in (0, 49, 2401):
        with pytest.raises(WbemError, match="it has to be 50 to 2400"):
            Capabilities(optical)
