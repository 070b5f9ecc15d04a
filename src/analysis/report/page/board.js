// The list of reports: filtered by entity and period, sorted by what a click asks for. Each entity is a tbody of its
// own, its newest period first; without this script every row stands there.
'use strict';
(() => {
  const table = document.getElementById('board');
  const controls = document.getElementById('board-controls');
  const entity = document.getElementById('board-entity');
  const period = document.getElementById('board-period');
  const sort = document.getElementById('board-sort');
  const count = document.getElementById('board-count');
  if (!table || !controls) return;
  const bodies = [...table.tBodies];
  const rows = [...table.rows].filter((row) => row.dataset.name !== undefined);
  const opened = new Set();
  const plain = (words) => words.toLowerCase().replaceAll('đ', 'd').normalize('NFD').replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, ' ').trim();
  const byName = new Intl.Collator('vi').compare;
  const falls = { total: -1, rank: 1, change: -1 };  // which way a number is sorted first
  let key = '', way = 1;

  const shown = (row) => {
    if (!row.dataset.name.includes(plain(entity.value))) return false;
    if (period.value !== 'newest') return period.value === '' || row.dataset.period === period.value;
    return row === row.parentElement.rows[0] || opened.has(row.parentElement);
  };
  const first = (body) => [...body.rows].find((row) => !row.hidden) || body.rows[0];
  const value = (body) => {
    const found = first(body).dataset[key];
    return found === undefined ? null : Number(found);
  };
  const before = (one, two) => {
    if (key === 'name') return way * byName(one.rows[0].cells[0].textContent, two.rows[0].cells[0].textContent);
    const [left, right] = [value(one), value(two)];
    if (left === null || right === null) return (left === null) - (right === null);  // what is not known comes last
    return way * falls[key] * (left - right);
  };
  const draw = () => {
    for (const row of rows) row.hidden = !shown(row);
    for (const body of bodies) body.hidden = [...body.rows].every((row) => row.hidden);
    table.append(...(key ? [...bodies].sort(before) : bodies));
    const seen = rows.filter((row) => !row.hidden).length;
    count.textContent = controls.dataset.count.replace('{count}', seen).replace('{all}', rows.length);
    for (const head of table.tHead.rows[0].cells) {
      const up = way * (falls[key] ?? 1) > 0;
      if (head.dataset.sort === key) head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    }
    for (const button of table.querySelectorAll('.period button')) {
      button.hidden = period.value !== 'newest';
      button.setAttribute('aria-expanded', String(opened.has(button.closest('tbody'))));
    }
    sort.value = key;
  };
  const sortBy = (wanted) => {
    way = wanted === key ? -way : 1;
    key = wanted;
    draw();
  };
  for (const head of table.tHead.rows[0].cells) {
    if (!['name', 'total', 'rank', 'change'].includes(head.dataset.sort)) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => sortBy(head.dataset.sort));
    head.replaceChildren(button);
  }
  for (const body of bodies) {
    if (body.rows.length < 2) continue;
    const button = document.createElement('button');
    const more = body.rows.length - 1;
    button.type = 'button';
    button.className = 'tools';
    button.textContent = `+${more}`;
    const name = body.rows[0].querySelector('th').firstElementChild || body.rows[0].cells[0];
    button.setAttribute('aria-label', `+${more}: ${controls.dataset.more.replace('{count}', more).replace('{name}', name.textContent)}`);
    button.addEventListener('click', () => {
      if (!opened.delete(body)) opened.add(body);
      draw();
    });
    body.rows[0].querySelector('.period').append(button);
  }
  entity.addEventListener('input', draw);
  period.addEventListener('change', draw);
  sort.addEventListener('change', () => { key = sort.value; way = 1; draw(); });
  controls.hidden = false;
  draw();
})();
