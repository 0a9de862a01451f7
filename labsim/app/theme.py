"""How the app looks: calm type, generous space, colours that print and that colour-blind people tell apart."""

from __future__ import annotations

__all__ = ["CSS", "FAVICON"]

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0072B2"/>'
    '<path d="M7 22l6-8 5 5 7-10" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" '
    'stroke-linejoin="round"/></svg>'
)

CSS = """
:root { --ink:#1F2933; --soft:#52606D; --line:#DFE4EA; --paper:#FFFFFF; --ground:#F6F7F5; --own:#0072B2;
  --own-dark:#005A8D; --target:#B34700; --good:#00704F; --bad:#A63600; --radius:14px; }
html { font-size: clamp(16px, 12.8px + 0.32vw, 20px); }
body { background: var(--ground); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.nicegui-content { padding: 0; gap: 0; width: 100%; align-items: stretch; }
a { color: var(--own-dark); }
h1, h2, h3 { font-weight: 650; letter-spacing: -0.012em; line-height: 1.2; margin: 0; text-wrap: balance; }
h1 { font-size: 1.95rem; } h2 { font-size: 1.22rem; } h3 { font-size: 1.03rem; }
p { margin: 0; max-width: 68ch; }
:focus-visible { outline: 3px solid #E69F00 !important; outline-offset: 2px; border-radius: 6px; }
.top { position: sticky; top: 0; z-index: 50; background: rgba(255,255,255,.97); border-bottom: 1px solid var(--line); }
.top-in { max-width: 1500px; margin: 0 auto; padding: .55rem 1.4rem; display: flex; gap: .4rem 1.4rem;
  align-items: center; flex-wrap: wrap; }
.brand { font-weight: 750; font-size: 1.12rem; letter-spacing: -.02em; color: var(--ink); text-decoration: none; }
.links { display: flex; gap: .1rem; overflow-x: auto; flex: 1 1 20rem; scrollbar-width: thin; }
.links a { padding: .4rem .7rem; border-radius: 9px; color: var(--soft); text-decoration: none; white-space: nowrap;
  font-size: .95rem; }
.links a:hover { background: #EEF1F3; color: var(--ink); }
.links a[aria-current=page] { background: #E3F0F8; color: #00486F; font-weight: 600; }
.page { max-width: 1500px; width: 100%; margin: 0 auto; padding: 2rem 1.4rem 4rem; display: flex;
  flex-direction: column; gap: 1.5rem; }
.lead { color: var(--soft); font-size: 1.06rem; }
.cols { display: grid; grid-template-columns: minmax(0,1.15fr) minmax(0,1fr); gap: 1.6rem; align-items: start; }
.two { display: grid; grid-template-columns: repeat(2, minmax(0,1fr)); gap: 1.4rem; }
.three { display: grid; grid-template-columns: repeat(3, minmax(0,1fr)); gap: 1.1rem; }
.stick { position: sticky; top: 4.6rem; display: flex; flex-direction: column; gap: 1rem;
  max-height: calc(100vh - 5.4rem); overflow-y: auto; }
.stack { display: flex; flex-direction: column; gap: 1rem; }
.row { display: flex; gap: .7rem 1rem; align-items: center; flex-wrap: wrap; }
.between { justify-content: space-between; }
.box { background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.15rem 1.3rem; }
.soft { color: var(--soft); } .small { font-size: .875rem; } .num { font-variant-numeric: tabular-nums; }
.big { font-size: 1.75rem; font-weight: 650; letter-spacing: -.02em; line-height: 1.15; }
.good { color: var(--good); } .bad { color: var(--bad); }
.note { border-left: 4px solid #E69F00; background: #FFF8E8; padding: .7rem 1rem; border-radius: 0 10px 10px 0; }
.wrong { border-left: 4px solid var(--bad); background: #FDF0E9; padding: .7rem 1rem; border-radius: 0 10px 10px 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.chart { width: 100%; height: 340px; } .chart.tall { height: 460px; } .chart.map { height: 440px; }
.nicegui-expansion-content { align-items: stretch; padding: 0; }
.q-expansion-item .q-item__label { font-weight: 650; font-size: 1.03rem; }
.lever { width: 100%; display: grid; grid-template-columns: minmax(0,1fr) 8.6rem; gap: .1rem 1.1rem;
  align-items: center; padding: .7rem 0; border-top: 1px solid #EEF0F2; }
.lever:first-child { border-top: 0; }
.lever .name { grid-column: 1 / -1; font-weight: 550; }
.lever .why { grid-column: 1 / -1; color: var(--soft); font-size: .84rem; }
.moved { color: var(--own-dark); font-weight: 600; }
.chance { display: grid; grid-template-columns: minmax(0,1fr) auto; gap: .15rem .9rem; padding: .75rem 0;
  border-top: 1px solid #EEF0F2; }
.chance:first-child { border-top: 0; }
.chance > .small { grid-column: 1 / -1; }
.bar { grid-column: 1 / -1; position: relative; height: 12px; background: #EDF0F2; border-radius: 6px; }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--own); border-radius: 6px; }
.bar b { position: absolute; top: -4px; width: 4px; height: 20px; background: #3E4C59; border-radius: 2px;
  margin-left: -2px; }
table.plain { border-collapse: collapse; width: 100%; font-size: .93rem; }
table.plain th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--line);
  padding: .45rem .7rem .45rem 0; vertical-align: bottom; }
table.plain td { border-bottom: 1px solid #EEF0F2; padding: .5rem .7rem .5rem 0; vertical-align: top; }
table.plain td.num, table.plain th.num { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
.q-btn { text-transform: none; border-radius: 10px; font-weight: 600; letter-spacing: 0; }
.q-btn.main { background: var(--own-dark) !important; color: #fff !important; }
.q-field--outlined .q-field__control { border-radius: 10px; }
.q-field__native, .q-field__label, .q-item { letter-spacing: 0; }
.q-expansion-item__container > .q-item { padding: .9rem 1.3rem; min-height: 3.2rem; }
.slider { width: 100%; height: 2.75rem; margin: 0; accent-color: var(--own); cursor: pointer; }
.q-uploader__header .q-btn { color: #fff !important; } .q-uploader__subtitle { display: none; }
.langs .q-btn { padding: .15rem .55rem; min-height: 2.2rem; }
.code { font: 700 2.4rem/1.1 ui-monospace, "SF Mono", Menlo, Consolas, monospace; letter-spacing: .12em; }
details > summary { cursor: pointer; color: var(--own-dark); padding: .3rem 0; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer.foot { border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; }
footer.foot > div { max-width: 1500px; margin: 0 auto; padding: 1rem 1.4rem 2rem; }
@media (max-width: 900px) {
  .cols, .two, .three { grid-template-columns: minmax(0,1fr); }
  .stick { position: static; max-height: none; order: -1; } .stick .chance:nth-of-type(n+4) { display: none; }
  .page { padding: 1.3rem 1rem 3rem; gap: 1.15rem; } h1 { font-size: 1.55rem; } .top-in { padding: .5rem 1rem; }
  .box { padding: 1rem; } .chart { height: 320px; } .chart.map { height: 380px; }
  .chart.many { height: 470px; } .links { order: 3; flex-basis: 100%; }
  .lever { grid-template-columns: minmax(0,1fr) 7.4rem; } .chance { grid-template-columns: minmax(0,1fr); }
  .scroll.wide table.plain { min-width: 54rem; }
}
@media print { .top, .q-btn { display: none !important; } body { background: #fff; } .box { break-inside: avoid; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important; } }
"""
