"""The look of a page: one sheet of styles, light and dark."""

COLOURS = """
:root{--paper:#fbfaf7;--card:#fff;--ink:#1f2328;--quiet:#6b7078;--faint:#e3e0d8;--mind:#0f766e;--twin:#c2410c;
--other:#9a9ea6;--face:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2024;--ink:#e8e6e1;--quiet:#9aa0a8;--faint:#30353b;
--mind:#4fd1c1;--twin:#fb923c;--other:#7c828b}}
"""
"""Named for what they show: `mind`, `twin`, `other`; `pictures` draws with the same names."""

STYLE = (
    COLOURS
    + """\
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--face)}
main{max-width:860px;margin:0 auto;padding:56px 24px 40px}
.over{color:var(--mind);letter-spacing:.08em;text-transform:uppercase;font-size:12px;font-weight:600;margin:0}
h1{font-size:40px;line-height:1.1;margin:6px 0 28px;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:22px;margin:0 0 4px;letter-spacing:-.01em}
h3{font-size:15px;margin:0 0 6px;overflow-wrap:anywhere}
section{margin-top:56px}
.line,.none{color:var(--quiet);margin:0 0 16px;max-width:62ch}
.verdict{font-size:18px;margin:12px 0 18px;max-width:54ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(112px,1fr));gap:1px;background:var(--faint);
border:1px solid var(--faint);border-radius:10px;overflow:hidden}
.tiles div{background:var(--card);padding:14px}
.tiles b{display:block;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
.tiles span{color:var(--quiet);font-size:13px;line-height:1.3;display:block}
svg{display:block;width:100%;height:auto;overflow:visible}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
article{background:var(--card);border:1px solid var(--faint);border-radius:10px;padding:16px}
article p{color:var(--quiet);font-size:13px;margin:8px 0 0}
blockquote{margin:10px 0 0;padding-left:10px;border-left:2px solid var(--mind);font-size:14px;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
td{padding:5px 12px 5px 0;border-bottom:1px solid var(--faint);vertical-align:middle}
td.number{text-align:right;color:var(--quiet);font-variant-numeric:tabular-nums;width:80px}
td.bar{width:45%}td.bar i{display:block;height:8px;border-radius:4px;background:var(--mind);min-width:1px}
ul{padding-left:18px;color:var(--quiet);font-size:14px}li{overflow-wrap:anywhere;margin:3px 0}
footer{color:var(--quiet);font-size:13px;margin-top:64px;border-top:1px solid var(--faint);padding-top:16px}
@media print{body{background:#fff}section{break-inside:avoid}}
"""
)
"""The sheet of a report."""
