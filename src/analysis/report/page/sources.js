// Where does a number come from? A click opens its row of the list of figures, in a window of its own.
(() => {
  'use strict';
  const {words} = JSON.parse(document.getElementById('trial-data').textContent);
  const source = document.createElement('dialog');
  source.setAttribute('aria-labelledby', 'source-title');
  source.addEventListener('click', (event) => { if (event.target === source) source.close(); });
  document.body.append(source);
  // Back closes the window and stays on the page.
  const OPENED = 'source';
  addEventListener('popstate', () => { if (source.open) source.close(); });
  source.addEventListener('close', () => { if (history.state === OPENED) history.back(); });
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a.f');
    const row = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const list = document.createElement('dl');
    const heads = [...row.closest('table').querySelectorAll('thead th')];
    [...row.children].forEach((cell, place) => {
      if (!cell.textContent.trim()) return;
      const name = document.createElement('dt');
      name.textContent = heads[place].textContent;
      const value = document.createElement('dd');
      value.append(...[...cell.childNodes].map((node) => node.cloneNode(true)));
      list.append(name, value);
    });
    list.querySelectorAll('[id]').forEach((item) => item.removeAttribute('id'));
    list.querySelectorAll('details').forEach((item) => { item.open = true; });
    const title = document.createElement('h2');
    title.id = 'source-title';
    title.textContent = link.textContent;
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = words.close;
    close.addEventListener('click', () => source.close());
    source.replaceChildren(title, list, close);
    source.showModal();
    try {
      history.pushState(OPENED, '');
    } catch {
      // a page in a frame of another program may not change its history
    }
  });
})();
