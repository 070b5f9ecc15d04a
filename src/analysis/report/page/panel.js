// How does a reader try an improvement? The controls of the panel, and its state in the address.
(() => {
  'use strict';
  const find = (id) => document.getElementById(id);
  const say = (template, values) => template.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
  const data = JSON.parse(find('trial-data').textContent);
  const {words} = data;

  // Numbers as people read them: half up, as language.write_number.
  function written(value, decimals) {
    const [whole, rest] = Math.abs(value).toFixed(10).split('.');
    let digits = BigInt(whole + rest.slice(0, decimals));
    if (rest[decimals] >= '5') digits += 1n;
    const text = digits.toString().padStart(decimals + 1, '0');
    const [head, tail] = [text.slice(0, text.length - decimals), text.slice(text.length - decimals)];
    const grouped = head.replace(/\B(?=(\d{3})+$)/g, data.comma === ',' ? '.' : ',');
    return (value < 0 && digits ? '−' : '') + grouped + (decimals ? data.comma + tail : '');
  }
  function between([low, high], decimals) {
    const [first, last] = [written(low, decimals), written(high, decimals)];
    return first === last ? first : say(words.range, {low: first, high: last});
  }
  function read(text, least, most) {
    const match = /^(\d{1,3})(?:[.,](\d{1,2}))?$/.exec(text.trim().replace(/\s*%$/, ''));
    const value = match ? Number(`${match[1]}.${match[2] ?? 0}`) : NaN;
    return value >= least && value <= most ? value : NaN;
  }
  const plain = (rate) => written(rate, Number.isInteger(rate) ? 0 : 2);

  // Trying improvements

  const scorer = trying(data);
  const rows = Object.fromEntries(data.levers.map((code) => [code, {
    slide: find(`slide-${code}`), typed: find(`rate-${code}`), gain: find(`gain-${code}`),
    name: find(`slide-${code}`).getAttribute('aria-label'), least: Number(find(`slide-${code}`).min),
  }]));
  const alone = {};
  let state = {};
  let goal = NaN;

  function set(code, rate) {
    const {slide, typed, least} = rows[code];
    if (rate > least) state[code] = rate; else delete state[code];
    const shown = Math.max(rate, least);
    const known = data.indicators[code].rate !== null || rate > least;
    slide.value = shown;
    slide.classList.toggle('unknown', !known);
    slide.setAttribute('aria-valuetext', known ? `${plain(shown)}%` : words.unknown);
    typed.value = known ? plain(shown) : '';
    typed.placeholder = known ? '' : '?';
    typed.removeAttribute('aria-invalid');
  }
  function showGain(code) {
    const {gain} = rows[code];
    if (!(code in state)) {
      gain.textContent = words.not_moved;
      return;
    }
    const key = `${code} ${state[code]}`;
    alone[key] ??= scorer.outcome({[code]: state[code]}).gain;
    gain.textContent = say(words.gain, {gain: between(alone[key], 2)});
  }
  // What the levers set gain by their own indicators in each tier; nothing where the rules are known.
  function inTiers() {
    if (!('open' in data.tiers) || !Object.keys(state).length) return [];
    const ends = Object.entries(scorer.tiers(state)).map(([name, gain]) => [name, between(gain, 2)]);
    const alike = new Set(ends.map(([, gain]) => gain)).size === 1;
    const template = alike ? words.tiers_alike : 'supported' in data.tiers ? words.tiers : words.tiers_misfit;
    return [say(template, Object.fromEntries(ends))];
  }
  // The classes that a total may be of; a total printed as reaching one is taken to reach it.
  function classes(total) {
    const of = total.map((end) => data.classes.findLast(([least]) => least <= end + 1e-9)?.[1]);
    return [...new Set(of)].join(words.or);
  }
  function show() {
    data.levers.forEach(showGain);
    const out = find('trial-total');
    const {gain, total} = scorer.outcome(state);
    const said = [say('open' in data.tiers ? words.total_documented : words.total, {
      total: between(total, 1), points: data.points, gain: between(gain, 2), names: classes(total),
    }), ...inTiers()];
    if (data.rank) {
      const {known, ranked} = data.rank;
      const ends = scorer.rank(gain);
      said.push(say(known === ranked ? words.rank : words.rank_open, {rank: between(ends, 0), ranked, known}));
    }
    out.replaceChildren(...said.map((sentence, place) => {
      const line = document.createElement(place ? 'span' : 'strong');
      line.textContent = sentence;
      return line;
    }));
    const scores = scorer.groups(state);
    for (const group of data.groups) {
      const bar = document.querySelector(`[data-group="${group.code}"]`);
      const [low, high] = scores[group.code];
      bar.querySelector('.sure').setAttribute('width', (100 * low) / group.points);
      bar.querySelector('.open').setAttribute('width', (100 * high) / group.points);
      bar.querySelector('.label').textContent = `${between([low, high], 1)}/${group.points}`;
    }
    for (const button of find('trial').querySelectorAll('[data-preset]')) {
      const rates = data.presets[button.dataset.preset] ?? {};
      const same = data.levers.every((code) => state[code] === (rates[code] > rows[code].least ? rates[code] : undefined));
      button.setAttribute('aria-pressed', same);
    }
    showNeeded();
  }
  function showNeeded() {
    const place = find('trial-needed');
    place.replaceChildren();
    if (Number.isNaN(goal)) return;
    const line = (text) => {
      const item = document.createElement('span');
      item.textContent = text;
      place.append(item);
    };
    if (scorer.outcome(state).total[0] >= goal) {
      line(say(words.reached, {goal: plain(goal)}));
      return;
    }
    const found = data.levers.map((code) => [code, scorer.needed(state, code, goal)]);
    if (scorer.outcome(state).total[1] >= goal) {
      line(say(words.perhaps, {goal: plain(goal)}));
      for (const [code, [, sure]] of found) {
        if (sure !== null) line(say(words.makes_sure, {name: rows[code].name, sure: plain(sure)}));
      }
      return;
    }
    const reach = found.filter(([, [best]]) => best !== null);
    line(say(reach.length ? words.needs_head : words.needs_none, {goal: plain(goal)}));
    for (const [code, [best, sure]] of reach) {
      line(say(sure === null ? words.needs_open : words.needs, {
        name: rows[code].name, best: plain(best), sure: plain(sure ?? 0),
      }));
    }
    if (reach.length && reach.length < found.length) line(words.needs_never);
  }

  let waiting = 0;
  function later() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      show();
      keep();
    });
  }
  for (const [code, {slide, typed, least}] of Object.entries(rows)) {
    const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10};
    slide.addEventListener('keydown', (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const now = Number(slide.value);
      const next = step > 0 ? Math.floor(now + 1e-9) + step : Math.ceil(now - 1e-9) + step;
      set(code, Math.min(Math.max(next, least), 100));
      later();
    });
    slide.addEventListener('input', () => {
      const now = Number(slide.value);
      set(code, now - least < 0.5 ? least : Math.max(Math.round(now), least));
      later();
    });
    typed.addEventListener('change', () => {
      const rate = typed.value.trim() ? read(typed.value, least, 100) : least;
      if (Number.isNaN(rate)) {
        typed.setAttribute('aria-invalid', 'true');
        rows[code].gain.textContent = say(words.bad_rate, {least: plain(least), most: 100});
        return;
      }
      set(code, rate);
      later();
    });
  }
  find('trial-goal').addEventListener('change', (event) => {
    const box = event.target;
    const today = (data.total[0] + data.total[1]) / 2;
    box.removeAttribute('aria-invalid');
    goal = box.value.trim() ? read(box.value, 0, data.points) : NaN;
    if (box.value.trim() && !(goal > today)) {
      goal = NaN;
      box.setAttribute('aria-invalid', 'true');
      find('trial-needed').textContent = say(words.bad_goal, {today: written(today, 2), points: data.points});
      return;
    }
    later();
  });
  function setAll(levers) {
    data.levers.forEach((code) => set(code, levers[code] ?? rows[code].least));
    later();
  }
  for (const button of document.querySelectorAll('[data-preset]')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      setAll(data.presets[button.dataset.preset] ?? {});
      if (find('trial').contains(button)) find('trial-total').scrollIntoView({block: 'nearest'});
      else find('trial').scrollIntoView();
    });
  }

  // The state of the panel in the address, with the rules and the data that it was made under.

  const MARK = '#try?';
  function keep() {
    const said = new URLSearchParams({...state, ...(Number.isNaN(goal) ? {} : {total: goal}), ...data.origin});
    try {
      history.replaceState(null, '', MARK + said);
    } catch {
      // a page opened in a frame of another program may not change its address; the panel works all the same
    }
  }
  function warn(text) {
    const place = find('trial-other');
    place.textContent = text;
    place.hidden = false;
    return place;
  }
  function open() {
    if (!location.hash.startsWith(MARK)) {
      data.levers.forEach((code) => set(code, data.presets.steps[code] ?? rows[code].least));
      show();
      return;
    }
    const given = [...new URLSearchParams(location.hash.slice(MARK.length))];
    const said = new Map(given);
    const twice = said.size < given.length;
    const wanted = {};
    const wrong = []; // names of this page only: nothing of the address is shown
    let strange = 0;
    for (const [code, text] of said) {
      if (['rules', 'data', 'total'].includes(code)) continue;
      const rate = Object.hasOwn(rows, code) ? read(text, rows[code].least, 100) : NaN;
      if (!Number.isNaN(rate)) wanted[code] = rate;
      else if (Object.hasOwn(rows, code)) wrong.push(rows[code].name);
      else strange += 1;
    }
    const aim = said.has('total') ? read(said.get('total'), 0, data.points) : NaN;
    function apply() {
      find('trial-other').hidden = true;
      const told = [];
      if (wrong.length) told.push(say(words.bad_link, {names: wrong.join('; ')}));
      if (strange) told.push(words.strange_link);
      if (twice) told.push(words.twice_link);
      if (said.has('total') && Number.isNaN(aim)) told.push(words.bad_total);
      if (told.length) warn(told.join(' '));
      goal = aim;
      find('trial-goal').value = Number.isNaN(goal) ? '' : plain(goal);
      data.levers.forEach((code) => set(code, wanted[code] ?? rows[code].least));
      show();
    }
    if (said.get('rules') === data.origin.rules && said.get('data') === data.origin.data) {
      apply();
      return;
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words.apply;
    button.addEventListener('click', () => {
      apply();
      keep();
    });
    warn(`${words.other} `).append(button);
    data.levers.forEach((code) => set(code, data.presets.steps[code] ?? rows[code].least));
    show();
  }
  find('trial').hidden = false;
  open();
  addEventListener('hashchange', () => { if (location.hash.startsWith(MARK)) open(); });
})();
