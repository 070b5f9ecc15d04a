// How is the page shown on a wall? Its pieces one at a time, each with the label of its data; and the button to print.
(() => {
  'use strict';
  const {words} = JSON.parse(document.getElementById('trial-data').textContent);
  const slides = [...document.querySelectorAll('.slide')];
  const root = document.documentElement;
  const label = document.createElement('div');
  label.className = 'slide-bar';
  const buttons = [['before', '‹'], ['next', '›'], ['leave', '×']].map(([name, sign]) => {
    const button = document.createElement('button');
    const told = document.createElement('span');
    button.type = 'button';
    button.dataset.sign = sign; // what a narrow screen shows of it
    told.textContent = words[name];
    button.append(told);
    return button;
  });
  const told = document.createElement('span');
  told.setAttribute('aria-live', 'polite');
  const chip = document.querySelector('.origin').cloneNode(true);
  chip.className = 'slide-label';
  label.append(chip, told, ...buttons);
  label.hidden = true;
  document.querySelector('main').append(label);
  let at = 0;
  // The heading of the slide that is shown is the main one of the page.
  function lead(slide) {
    for (const head of document.querySelectorAll('[aria-level]')) {
      head.removeAttribute('role');
      head.removeAttribute('aria-level');
    }
    const head = slide?.querySelector('h1, h2, h3');
    if (head && head.tagName !== 'H1') {
      head.setAttribute('role', 'heading');
      head.setAttribute('aria-level', '1');
    }
  }
  function place(number) {
    at = Math.min(Math.max(number, 0), slides.length - 1);
    slides.forEach((slide, own) => slide.classList.toggle('on', own === at));
    lead(slides[at]);
    told.textContent = words.slide.replace('{number}', at + 1).replace('{count}', slides.length);
    scrollTo(0, 0);
  }
  function present(on) {
    root.classList.toggle('slides', on);
    label.hidden = !on;
    if (on) place(0); else lead(null);
    try {
      history.replaceState(null, '', (on ? '?slides' : location.pathname) + location.hash);
    } catch {
      // a page in a frame of another program may not change its address
    }
  }
  buttons[0].addEventListener('click', () => place(at - 1));
  buttons[1].addEventListener('click', () => place(at + 1));
  buttons[2].addEventListener('click', () => present(false));
  addEventListener('keydown', (event) => {
    if (!root.classList.contains('slides') || document.querySelector('dialog[open]') || event.target.matches('input')) return;
    const step = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1}[event.key];
    if (step) place(at + step);
    else if (event.key === 'Home') place(0);
    else if (event.key === 'End') place(slides.length - 1);
    else if (event.key === 'Escape') present(false);
    else return;
    event.preventDefault();
  });
  const bar = document.createElement('p');
  bar.className = 'buttons tools';
  for (const [name, act] of [['slides', () => present(true)], ['print', () => print()]]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words[name];
    button.addEventListener('click', act);
    bar.append(button);
  }
  document.querySelector('header').append(bar);
  if (new URLSearchParams(location.search).has('slides')) present(true);
})();
