// How does a reader find their way? A list of contents, and the analyst's part folded section by section.
(() => {
  'use strict';
  const {words} = JSON.parse(document.getElementById('trial-data').textContent);
  const main = document.querySelector('main');
  const begins = main.querySelector('section:has(> .analyst)');

  // Each heading of the analyst's part folds what stands below it; what an analyst added stays open.
  let fold = null;
  for (const section of begins ? [...main.children].slice([...main.children].indexOf(begins) + 1) : []) {
    const head = section.querySelector(':scope > h2');
    if (section.matches('.added')) fold = null;
    if (head && !section.matches('.added')) {
      fold = document.createElement('details');
      fold.className = 'fold';
      const summary = document.createElement('summary');
      const body = document.createElement('div');
      summary.append(head);
      fold.append(summary, body);
      section.before(fold);
    }
    if (fold) {
      const foot = section.querySelector(':scope > footer');
      fold.lastChild.append(section);
      if (foot) fold.after(foot);
    }
  }
  const folds = [...document.querySelectorAll('details.fold')];
  if (folds.length) {
    const all = document.createElement('button');
    all.type = 'button';
    all.textContent = words.open_all;
    all.addEventListener('click', () => {
      const open = folds.some((item) => !item.open);
      folds.forEach((item) => { item.open = open; });
      all.textContent = open ? words.close_all : words.open_all;
    });
    const line = document.createElement('p');
    line.className = 'buttons tools';
    line.append(all);
    begins.append(line);
  }
  addEventListener('beforeprint', () => folds.forEach((item) => {
    item.dataset.was = item.open;
    item.open = true;
  }));
  addEventListener('afterprint', () => folds.forEach((item) => { item.open = item.dataset.was === 'true'; }));
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let item = target?.closest('details'); item; item = item.parentElement.closest('details')) item.open = true;
    target?.scrollIntoView();
  }
  addEventListener('hashchange', reveal);
  if (location.hash && !location.hash.includes('?')) reveal();

  const list = document.createElement('nav');
  list.className = 'contents tools scroll';
  list.setAttribute('aria-label', words.contents);
  function lead(to, text) {
    const link = document.createElement('a');
    link.href = `#${to.id}`;
    link.textContent = text;
    list.append(link);
  }
  [...main.querySelectorAll('h2:not(.bars-title)')].filter((head) => !head.closest('.fold, .added')).forEach((head, place) => {
    const foot = head.matches('.analyst') && main.querySelector('footer');
    if (foot) {
      foot.id = 'made';
      lead(foot, words.made);
    }
    head.id ||= `part-${place + 1}`;
    lead(head, head.textContent.split(':')[0]);
  });
  document.querySelector('h1').after(list); // on the first screen of a phone: a row to swipe

  // On a narrow screen a row of a wide table is a card; each number then says what it is of.
  for (const table of document.querySelectorAll('table')) {
    const heads = [...table.querySelectorAll('thead :is(th, td)')].map((head) => head.textContent);
    const plain = !table.querySelector('[colspan], [rowspan]') && table.tHead?.rows.length === 1;
    if (heads.length < 3 || !plain) continue;
    table.classList.add('cards');
    for (const row of table.querySelectorAll('tbody tr')) {
      [...row.children].forEach((cell, place) => { if (place && cell.textContent.trim()) cell.dataset.head = heads[place]; });
    }
  }
})();
