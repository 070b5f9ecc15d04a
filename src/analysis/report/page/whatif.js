// What is an improvement worth? The definitions of whatif.py and ranks.py, computed in the page.
//
// `trying(data)` takes what try_it.rules_to_try gave. Points and rates (percent) are numbers, what is known of them
// pairs [low, high]; targets are {indicator: rate}. Bounds are sharp over every surviving rule.
function trying(data) {
  'use strict';
  const TOLERANCE = 1e-9;
  const keyOf = (numbers) => numbers.map((number) => number.toFixed(10)).join();
  const add = (one, two) => one.map((number, place) => number + two[place]);
  const points = ([max, target], rate) => (rate >= target ? max : (max * rate) / target);
  const groupOf = {};
  data.groups.forEach((group) => group.indicators.forEach((code, place) => { groupOf[code] = [group, place]; }));

  // Each way a hypothesis may stand to the targets: the scores today, and the goals of the levers still below them.
  // What may have had nothing to count (a fourth entry) may have a score of 0 and no goal.
  function cases(group, hypothesis, targets) {
    let found = [{scores: hypothesis[1].map(([low, high]) => [low, high]), goals: new Map()}];
    group.indicators.forEach((code, place) => {
      if (!(code in targets)) return;
      const [low, high, rules, nothing] = hypothesis[1][place];
      const ways = [];
      for (const goal of new Set(rules.map((rule) => points(data.rules[rule], targets[code])))) {
        if (goal > low) ways.push([[low, Math.min(high, goal)], goal]);
        if (goal < high) ways.push([[Math.max(low, goal), high], null]);
        if (goal === low && goal === high) ways.push([[low, high], null]);
      }
      if (nothing) ways.push([[0, 0], null]);
      found = found.flatMap((item) => ways.map(([score, goal]) => ({
        scores: item.scores.map((own, at) => (at === place ? score : own)),
        goals: goal === null ? item.goals : new Map(item.goals).set(place, goal),
      })));
    });
    return found;
  }

  // Seven numbers of a case that add over groups (see Part.summary), or null if it cannot give the printed score.
  function summary({scores, chosen, constant}, printed) {
    let [inLow, inHigh, outLow, outHigh] = [0, 0, 0, 0];
    scores.forEach(([low, high], place) => {
      if (chosen.has(place)) { inLow += low; inHigh += high; } else { outLow += low; outHigh += high; }
    });
    let [low, high] = [Math.max(inLow + outLow, printed[0]), Math.min(inHigh + outHigh, printed[1])];
    if (low > high) {
      if (low - high > TOLERANCE) return null;
      [low, high] = [high, low];
    }
    const most = Math.min(inHigh, Math.max(low - outLow, inLow));
    const least = Math.max(inLow, Math.min(low - outHigh, inHigh));
    const mostRoom = Math.max(0, Math.min(high, inHigh + outLow) - low);
    const leastRoom = Math.min(Math.max(0, inLow + outHigh - low), high - low);
    return [low, high, most, mostRoom, least, leastRoom, constant];
  }

  // Bounds of `constant + sign × Σ chosen scores` over all survivors and all scores they allow (see Identified.bound).
  function bound(parts, sign) {
    const groups = data.groups.map((group) => {
      const rows = new Map();
      for (const hypothesis of group.hypotheses) {
        for (const part of parts(group, hypothesis)) {
          const numbers = summary(part, group.printed);
          if (numbers) rows.set(keyOf([hypothesis[0], ...numbers]), [hypothesis[0], numbers]);
        }
      }
      return [...rows.values()];
    });
    const rest = [[0, 0]];
    for (const rows of [...groups].reverse()) {
      rest.unshift([
        rest[0][0] + Math.min(...rows.map(([, numbers]) => numbers[0])),
        rest[0][1] + Math.max(...rows.map(([, numbers]) => numbers[1])),
      ]);
    }
    let sums = [[0, [0, 0, 0, 0, 0, 0, 0]]];
    groups.forEach((rows, number) => {
      const next = new Map();
      for (const [state, sum] of sums) {
        for (const [from, choice, to] of data.joins[number]) {
          if (from !== state) continue;
          for (const [own, numbers] of rows) {
            if (own !== choice) continue;
            const both = add(sum, numbers);
            const possible = both[0] + rest[number + 1][0] <= data.total[1] + TOLERANCE &&
              both[1] + rest[number + 1][1] >= data.total[0] - TOLERANCE;
            if (possible) next.set(keyOf([to, ...both]), [to, both]);
          }
        }
      }
      sums = [...next.values()];
    });
    let [lowest, highest] = [Infinity, -Infinity];
    for (const [, [low, high, most, mostRoom, least, leastRoom, constant]] of sums) {
      const first = Math.max(low, data.total[0]);
      const last = Math.min(high, data.total[1]);
      const chosenHigh = most + Math.min(Math.max(last - low, 0), mostRoom);
      const chosenLow = least + Math.max(Math.max(first - low, 0) - leastRoom, 0);
      lowest = Math.min(lowest, constant + sign * (sign > 0 ? chosenLow : chosenHigh));
      highest = Math.max(highest, constant + sign * (sign > 0 ? chosenHigh : chosenLow));
    }
    return [lowest, highest];
  }

  function jointGain(targets) {
    const [low, high] = bound((group, hypothesis) => cases(group, hypothesis, targets).map(({scores, goals}) => (
      {scores, chosen: goals, constant: [...goals.values()].reduce((sum, goal) => sum + goal, 0)}
    )), -1);
    return [Math.max(low, 0), Math.max(high, 0)];
  }

  // What the indicators that `inside` picks score with every lever at its target or above.
  function newScore(targets, inside) {
    return bound((group, hypothesis) => cases(group, hypothesis, targets).map(({scores, goals}) => {
      const chosen = new Set([...scores.keys()].filter(
        (place) => inside(group, group.indicators[place]) && !goals.has(place)));
      const counted = [...goals].filter(([place]) => inside(group, group.indicators[place]));
      return {scores, chosen, constant: counted.reduce((sum, [, goal]) => sum + goal, 0)};
    }), 1);
  }

  // What these indicators lost together.
  function lost(codes) {
    return bound((group, hypothesis) => {
      const chosen = new Set([...group.indicators.keys()].filter((place) => codes.has(group.indicators[place])));
      const maxima = [...chosen].map((place) => data.rules[hypothesis[1][place][2][0]][0]);
      return [{scores: hypothesis[1], chosen, constant: maxima.reduce((sum, max) => sum + max, 0)}];
    }, -1);
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
        const [group, place] = groupOf[code];
        const rules = group.hypotheses.flatMap((hypothesis) => hypothesis[1][place][2]);
        const best = Math.max(...rules.map((rule) => points(data.rules[rule], Math.min(raised[1], 100))));
        unseen[code] = Math.min(all, best + data.rounding);
      }
    }
    return {least, most, unseen, others};
  }

  // The gain, the new total and what remains lost, as in whatif.gains.
  function outcome(levers) {
    const {least, most, unseen, others} = moved(levers);
    const more = Object.values(unseen).reduce((sum, number) => sum + number, 0);
    const left = more ? lost(new Set([...Object.keys(levers), ...others]))[1] : Infinity;
    const everything = () => true;
    const total = [
      newScore(least, everything)[0],
      Math.min(newScore(most, everything)[1] + more, data.points),
    ];
    return {
      gain: [jointGain(least)[0], Math.min(jointGain(most)[1] + more, left)],
      total,
      remaining: [data.points - total[1], data.points - total[0]],
    };
  }

  // What each group scores then: its code → bounds, as in whatif.group_scores_then.
  function groups(levers) {
    const {least, most, unseen} = moved(levers);
    return Object.fromEntries(data.groups.map((group) => {
      const inside = (other) => other === group;
      const more = group.indicators.reduce((sum, code) => sum + (unseen[code] ?? 0), 0);
      const high = Math.min(newScore(most, inside)[1] + more, group.points);
      return [group.code, [newScore(least, inside)[0], high]];
    }));
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
    return [1, 0].map((end) => {
      const enough = (hundredths) => outcome({...levers, [code]: hundredths / 100}).total[end] >= score - TOLERANCE;
      if (!enough(10000)) return null;
      let [low, high] = [from - 1, 10000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (enough(middle)) high = middle; else low = middle;
      }
      return high / 100;
    });
  }

  return {outcome, groups, rank, needed};
}
