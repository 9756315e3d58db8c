"""`inhabit serve`: people behind an OpenAI-compatible endpoint, with a page to look into them."""

import ipaddress
from typing import Annotated

import typer

from inhabit.cli.opening import MouthName, mouth_of, open_people
from inhabit.cli.screen import out
from inhabit.cli.talk import As, Model, Mouth, People, Set, Url, Value
from inhabit.cli.words import chosen_maker, intervention


def command(
    people: People,
    maker: As = None,
    sample: Annotated[bool, typer.Option("--sample", help="Always a stranger, whatever model is asked for.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    public: Annotated[bool, typer.Option("--public", help="Allow an address that others can reach.")] = False,
    end_token: Annotated[str, typer.Option(help="What a person says when it leaves; empty for nothing.")] = "<END>",
    set: Set = None,
    value: Value = None,
    mouth: Mouth = MouthName.recall,
    endpoint: Url = None,
    model: Model = None,
) -> None:
    """Serve people as an OpenAI-compatible endpoint, with a page."""
    if sample and maker is not None:
        raise typer.BadParameter("--as and --sample exclude each other; give one")
    local = _is_loopback(host)
    if not local and not public:
        raise typer.BadParameter(f"{host} can be reached from elsewhere; add --public if that is meant")
    fitted = open_people(people)
    chosen, held = chosen_maker(fitted, maker), intervention(fitted, set or (), value or ())
    spoken = mouth_of(fitted, mouth, url=endpoint, model=model)
    import uvicorn

    from inhabit.web.people import Served
    from inhabit.web.server import serve_app

    served = Served(fitted, spoken, maker=chosen, sample=sample, held=held, local_mouth=mouth is not MouthName.endpoint)
    app = serve_app(served, end_token=end_token, local_only=local)
    console = out()
    console.print(f"{len(fitted.makers):,} people at http://{host}:{port}/v1   the page: http://{host}:{port}/")
    console.print(f"model names: stranger, {', '.join(fitted.makers[:3])}, ...   stop with Ctrl-C", style="dim")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
