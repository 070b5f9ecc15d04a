// What is an improvement worth? The definitions of whatif.py, tiers.py and ranks.py, computed in the page.
//
// `trying(data)` takes what try_it.rules_to_try gave. Points and rates (percent) are numbers, what is known of them
// pairs [low, high]; targets are {indicator: rate}. Bounds are sharp over every surviving rule.
//
// A function of a score is a list of segments [from, to, value at the first, slope]. What a group may have at each score
// of its own, and all groups at each total, is one too (see tiers.py); where two are possible the higher one counts, so
// that the least of something is the most of its negative.
function trying(data) {
  'use strict';
  const TOLERANCE = 1e-9;
  const TINY = 1e-12;
  const {documented} = data.tiers;
  const points = ([max, , target], rate) => (rate >= target ? max : (max * rate) / target);
  const groupOf = {};
  data.groups.forEach((group, number) => group.indicators.forEach((code, place) => {
    groupOf[code] = [number, place];
  }));

  // What a raise gains as a function of today's score (see tiers.pieces): each way under one rule [max, first, last].
  function pieces([whole, first, last], rate, [low, high], aim, highest) {
    const today = rate[highest ? 0 : 1];
    const gain = (at) => {
      if (at >= whole) return 0;
      const known = at > 0 ? (whole * today) / at : highest ? 0 : last;
      return Math.max(whole * Math.min(1, aim / Math.min(Math.max(known, first), last)) - at, 0);
    };
    const marks = [first, last, aim].filter((mark) => mark > 0).map((mark) => (whole * today) / mark);
    marks.push(...[first, last].map((mark) => whole * Math.min(1, aim / mark)));
    const inside = marks.filter((mark) => low < mark && mark < high);
    const cuts = [...new Set([low, high, ...inside])].sort((one, two) => one - two);
    return (cuts.length > 1 ? cuts.slice(1) : cuts).map((to, number) => {
      const from = cuts[number];
      const third = (to - from) / 3;
      if (third <= TINY) return [from, to, gain((from + to) / 2), 0];
      const slope = (gain(to - third) - gain(from + third)) / (to - third - (from + third));
      return [from, to, gain(from + third) - slope * third, slope];
    });
  }

  // The highest of some segments wherever any is (see tiers.upper).
  function upper(every) {
    const cuts = [...new Set(every.flatMap(([low, high]) => [low, high]))].sort((one, two) => one - two);
    const found = [];
    const append = (from, to, value, slope) => {
      const last = found[found.length - 1];
      const alike = last && last[1] === from && Math.abs(last[3] - slope) <= TINY &&
        Math.abs(last[2] + last[3] * (last[1] - last[0]) - value) <= TINY;
      if (alike) last[1] = to; else found.push([from, to, value, slope]);
    };
    cuts.slice(1).forEach((high, number) => {
      const low = cuts[number];
      const lines = every.filter(([from, to]) => from <= low && high <= to)
        .map(([from, , at, slope]) => [at + slope * (low - from), slope]);
      if (!lines.length || high - low <= TINY) return;
      const top = Math.max(...lines.map(([value]) => value));
      let [value, slope] = lines.filter((line) => line[0] >= top - TINY)
        .reduce((one, two) => (two[1] > one[1] || (two[1] === one[1] && two[0] > one[0]) ? two : one));
      let start = low;
      while (start < high) {
        let [end, next] = [high, null];
        for (const line of lines) {
          if (line[1] <= slope) continue;
          const ahead = Math.max(value - line[0] - line[1] * (start - low), 0);
          const crossing = start + ahead / (line[1] - slope);
          if (crossing < end || (next && crossing === end && line[1] > next[1])) [end, next] = [crossing, line];
        }
        if (end >= high - TINY) [end, next] = [high, null];
        if (end > start) append(start, end, value, slope);
        if (next) [value, slope] = [next[0] + next[1] * (end - low), next[1]];
        start = end;
      }
    });
    for (const [low, high, at, slope] of every) {
      const top = Math.max(at, at + slope * (high - low));
      const under = ([from, to, own, by]) => from <= low && low <= to && top <= own + by * (low - from) + TINY;
      if (high - low <= TINY && !found.some(under)) found.push([low, low, top, 0]);
    }
    return found.sort((one, two) => one[0] - two[0] || one[1] - two[1]);
  }

  function within(segments, [least, most]) {
    return segments.flatMap(([low, high, at, slope]) => {
      const [first, last] = [Math.max(low, least), Math.min(high, most)];
      if (first <= last) return [[first, last, at + slope * (first - low), slope]];
      const end = low > most ? low : high;
      return first - last <= TOLERANCE ? [[end, end, at + slope * (end - low), 0]] : [];
    });
  }

  // The most that functions give together for each sum of their arguments in a span (see tiers.added).
  function added(functions, span) {
    if (functions.length === 1) return within(functions[0], span);
    const half = functions.length >> 1;
    const everywhere = [-Infinity, Infinity];
    const [one, other] = [functions.slice(0, half), functions.slice(half)].map((some) => added(some, everywhere));
    const found = [];
    for (const [low, high, at, slope] of one) {
      for (const [ownLow, ownHigh, ownAt, ownSlope] of other) {
        if (low + ownLow > span[1] + TOLERANCE || high + ownHigh < span[0] - TOLERANCE) continue;
        const own = [[slope, high - low], [ownSlope, ownHigh - ownLow]];
        const [[steep, long], [flat, rest]] = slope >= ownSlope ? own : own.reverse();
        const [start, value] = [low + ownLow, at + ownAt];
        found.push([start, start + long, value, steep]);
        found.push([start + long, start + long + rest, value + steep * long, flat]);
      }
    }
    return upper(within(found, span));
  }

  // The most of a sum over all indicators at each total, over the rules of a tier that hold together in every month.
  // `term` gives the function of one indicator from its code, its score, its rules and whether nothing may be behind it.
  function sums(tier, term) {
    let states = new Map([[0, [[0, 0, 0, 0]]]]);
    data.groups.forEach(({indicators, printed}, number) => {
      const ways = new Map();
      for (const [choice, scores] of tier.groups[number]) {
        const flat = [0, 0, 0, 0];
        const functions = [[flat]];
        indicators.forEach((code, place) => {
          const [low, high, rules, nothing] = scores[place];
          const own = term(code, [low, high], rules.map((rule) => tier.rules[rule]), nothing);
          if (own) functions.push(upper(own));
          flat[0] += own ? 0 : low;
          flat[1] += own ? 0 : high;
        });
        ways.set(choice, [...(ways.get(choice) || []), ...added(functions, printed)]);
      }
      const best = new Map([...ways].map(([choice, segments]) => [choice, upper(segments)]));
      const span = number === data.groups.length - 1 ? data.total : [-Infinity, data.total[1]];
      const next = new Map();
      for (const [from, choice, to] of tier.joins[number]) {
        if (!states.has(from) || !best.has(choice)) continue;
        next.set(to, [...(next.get(to) || []), ...added([states.get(from), best.get(choice)], span)]);
      }
      states = new Map([...next].map(([state, segments]) => [state, upper(segments)]));
    });
    return [...states.values()].flat();
  }

  // The most of a function and, with `slope`, of its argument.
  const highestOf = (segments, slope = 0) => Math.max(...segments.flatMap(([low, high, at, by]) => (
    [at + slope * low, at + by * (high - low) + slope * high])));
  const negative = (segments) => segments.map(([low, high, at, slope]) => [low, high, -at, -slope]);

  // What an indicator gains at each score of today with a lever at its target; null without one.
  function gained(levers, highest) {
    return (code, score, rules, nothing) => {
      if (!(code in levers)) return null;
      const rate = data.indicators[code].rate || [0, 100];
      const own = rules.flatMap((rule) => pieces(rule, rate, score, levers[code], highest));
      if (nothing) own.push([0, 0, 0, 0]);
      return highest ? own : negative(own);
    };
  }

  // One end of the gain and of the new total, the levers' own indicators alone.
  function end(tier, levers, highest) {
    const found = sums(tier, gained(levers, highest));
    const sign = highest ? 1 : -1;
    return {gain: Math.max(0, sign * highestOf(found)), total: sign * highestOf(found, sign)};
  }

  // The most that these indicators lost together.
  function lost(codes) {
    return highestOf(sums(documented, (code, [low, high], [[max]]) => (
      codes.has(code) ? [[low, high, max - low, -1]] : null)));
  }

  // Targets of everything the levers surely move and may move, and the points of what moves from an unknown rate.
  function moved(levers) {
    const [least, most, unseen] = [{...levers}, {...levers}, {}];
    const carried = Object.keys(levers).flatMap((lever) => Object.keys(data.indicators[lever].effects));
    const others = new Set(carried.filter((code) => !data.indicators[code].empty));
    for (const code of others) {
      const raised = [0, 0];
      for (const [lever, target] of Object.entries(levers)) {
        const effect = data.indicators[lever].effects[code];
        if (!effect) continue;
        const today = data.indicators[lever].from;
        raised[0] += effect[0] * Math.max(target - today[1], 0);
        raised[1] += effect[1] * Math.max(target - today[0], 0);
      }
      const {rate, lost: all} = data.indicators[code];
      if (rate) {
        if (raised[0]) least[code] = Math.max(levers[code] ?? 0, Math.min(rate[0] + raised[0], 100));
        if (raised[1]) most[code] = Math.max(levers[code] ?? 0, Math.min(rate[1] + raised[1], 100));
      } else if (raised[1]) {
        const [number, place] = groupOf[code];
        const rules = documented.groups[number].flatMap(([, scores]) => scores[place][2]);
        const best = Math.max(...rules.map((rule) => points(documented.rules[rule], Math.min(raised[1], 100))));
        unseen[code] = Math.min(all, best + data.rounding);
      }
    }
    return {least, most, unseen, others};
  }

  const sum = (numbers) => Object.values(numbers).reduce((one, two) => one + two, 0);

  // The gain, the new total and what remains lost, as in whatif.gains.
  function outcome(levers) {
    const {least, most, unseen, others} = moved(levers);
    const more = sum(unseen);
    const left = more ? lost(new Set([...Object.keys(levers), ...others])) : Infinity;
    const [low, high] = [end(documented, least, false), end(documented, most, true)];
    const total = [low.total, Math.min(high.total + more, data.points)];
    return {
      gain: [low.gain, Math.min(high.gain + more, left)],
      total,
      remaining: [data.points - total[1], data.points - total[0]],
    };
  }

  // What each group scores then: its code → bounds, as in whatif.group_scores_then.
  function groups(levers) {
    const {least, most, unseen} = moved(levers);
    return Object.fromEntries(data.groups.map((group) => {
      const [low, high] = [false, true].map((highest) => {
        const gain = gained(highest ? most : least, highest);
        const sign = highest ? 1 : -1;
        return sign * highestOf(sums(documented, (code, score, rules, nothing) => {
          if (!group.indicators.includes(code)) return null;
          const own = gain(code, score, rules, nothing) || [[...score, 0, 0]];
          return own.map(([from, to, at, slope]) => [from, to, at + sign * from, slope + sign]);
        }));
      });
      const more = group.indicators.reduce((all, code) => all + (unseen[code] ?? 0), 0);
      return [group.code, [low, Math.min(high + more, group.points)]];
    }));
  }

  // What levers gain by their own indicators in each tier: its name → bounds, as in tiers.gains_by_tier.
  function tiers(levers) {
    const ends = (tier) => [false, true].map((highest) => end(tier, levers, highest).gain);
    return Object.fromEntries(Object.entries(data.tiers).map(([name, tier]) => [name, ends(tier)]));
  }

  // The rank after a gain, the others as they are: best and worst.
  function rank(gain) {
    const steps = [Math.ceil(100 * (gain[1] - TOLERANCE)), Math.floor(100 * (gain[0] + TOLERANCE))];
    return [data.rank.best, data.rank.worst].map((changes, end) => (
      changes.filter(([from]) => from <= Math.max(steps[end], 0)).pop()[1]
    ));
  }

  // The lowest rate of a lever, in hundredths of a percent, with which the total may be and surely is at least `score`,
  // the other levers as they stand; null where none is enough.
  function needed(levers, code, score) {
    const from = Math.ceil(100 * (data.indicators[code].rate?.[1] ?? 0) - TOLERANCE);
    return [true, false].map((highest) => {
      const enough = (hundredths) => {
        const {least, most, unseen} = moved({...levers, [code]: hundredths / 100});
        const {total} = end(documented, highest ? most : least, highest);
        return (highest ? Math.min(total + sum(unseen), data.points) : total) >= score - TOLERANCE;
      };
      if (!enough(10000)) return null;
      let [low, high] = [from - 1, 10000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (enough(middle)) high = middle; else low = middle;
      }
      return high / 100;
    });
  }

  return {outcome, groups, rank, needed, tiers};
}
