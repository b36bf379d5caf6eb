/** The one style sheet of the pages, dark where the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#57606a;--edge:#d6dae0;--ok:#1a7f4b;--warn:#8a5a00;--bad:#b3261e;--okBack:#e3f4ea;--warnBack:#fdf1d8;--badBack:#fce4e2;--link:#0a58ca}
@media(prefers-color-scheme:dark){:root{--back:#111417;--card:#1a1e23;--ink:#e8eaed;--soft:#a3abb5;--edge:#333a42;--ok:#5fd39a;--warn:#f0bd58;--bad:#ff9a91;--okBack:#133324;--warnBack:#37290b;--badBack:#431a17;--link:#86b7fe}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 16px}
header{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:center;padding-top:12px;padding-bottom:12px}
header b{font-size:17px}
header span{color:var(--soft)}
header button{margin-left:auto;font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:4px 12px}
a{color:var(--link)}
code{font:13px/1.4 ui-monospace,monospace}
h1{font-size:24px;margin:0}
h2{font-size:16px;margin:26px 0 8px}
.verdict{border-radius:10px;padding:14px 18px;border-left:8px solid}
.verdict p{margin:4px 0 0}
.verdict.ok{background:var(--okBack);border-color:var(--ok)}
.verdict.warn{background:var(--warnBack);border-color:var(--warn)}
.verdict.bad{background:var(--badBack);border-color:var(--bad)}
.verdict ol{margin:10px 0 0;padding:0;list-style:none}
.verdict li{padding:8px 0;border-top:1px solid var(--edge)}
.verdict li b{display:block}
.mark{font-weight:700;white-space:nowrap}
.mark.ok{color:var(--ok)}.mark.warn{color:var(--warn)}.mark.bad{color:var(--bad)}
#lost{display:none}
[data-lost] #lost{display:block;margin-bottom:12px}
.card{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:10px 14px}
.cards{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));margin-top:26px}
.card h2{margin:0 0 6px}
.card dl{margin:0}
.card dl div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 12px;padding:1px 0}
.card dt{color:var(--soft)}.card dd{margin:0 0 0 auto;text-align:right;overflow-wrap:anywhere}
.card dd.meter{flex-basis:100%}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--edge);border-radius:10px}
th{text-align:left;font-weight:600;color:var(--soft);font-size:13px}
th,td{padding:7px 10px;border-bottom:1px solid var(--edge);vertical-align:top}
tr:last-child td{border-bottom:0}
td small{display:block;color:var(--soft);font-size:13px}
tr.bad td:first-child,tr.bad th:first-child{box-shadow:inset 4px 0 var(--bad)}
tr.warn td:first-child{box-shadow:inset 4px 0 var(--warn)}
tr.off{color:var(--soft)}
svg{display:block;width:120px;height:29px}
.chart{width:130px}
rect.ok{fill:var(--ok)}rect.no{fill:var(--bad)}rect.line{fill:var(--edge)}
meter{width:100%;height:10px}
.soft{color:var(--soft)}
summary{cursor:pointer;margin:20px 0 8px;font-weight:600}
footer{color:var(--soft);padding-top:22px;padding-bottom:28px;font-size:13px}
article{max-width:760px}
article pre{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:10px}
@media(max-width:760px){
h1{font-size:20px}
table,tbody,tr,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border-bottom:1px solid var(--edge);padding:8px 0}
tr:last-child{border-bottom:0}
td{border:0;padding:2px 12px;display:grid;grid-template-columns:110px 1fr;gap:8px;overflow-wrap:anywhere}
td::before{content:attr(data-label);color:var(--soft);font-size:13px}
td:first-child{font-size:16px}
.chart{width:auto}
}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`
