import { plants } from '../planted/index.ts';
import { createPool, type Job, type Result } from './pool.ts';

type Row = { name: string; next: number; found: Result | null; open: number };

/** Looks for each planted bug seed after seed, on all cores. True when each was found or is declared equivalent. */
export const plantedTable = async (seeds: number, hours: number, only = ''): Promise<boolean> => {
  const rows: Row[] = plants.filter(({ name }) => name.includes(only)).map(({ name }) => ({ name, next: 1, found: null, open: 0 }));
  const pool = createPool();
  const next = (): Job | null => {
    const row = rows.find((each) => each.found === null && each.next <= seeds);
    return row === undefined ? null : { seed: row.next++, hours, plant: row.name };
  };
  await pool.run(next, (job, result) => {
    const row = rows.find(({ name }) => name === job.plant)!;
    const better = row.found === null || result.seed < row.found.seed;
    if (result.problems.length > 0 && better) row.found = result;
  });
  await pool.close();
  let missed = 0;
  for (const { name, found } of rows) {
    const plant = plants.find((each) => each.name === name)!;
    if (found === null && plant.equivalent === undefined) missed++;
    const [problem] = found?.problems ?? [];
    const verdict =
      found === null
        ? plant.equivalent === undefined
          ? 'NOT FOUND'
          : `equivalent: ${plant.equivalent}`
        : `seed ${String(found.seed).padStart(2)}  ${problem!.invariant.padEnd(4)} ${problem!.text.slice(0, 110)}`;
    console.log(`${name.padEnd(26)} ${verdict}`);
  }
  console.log(`${rows.length} planted bugs, ${rows.filter(({ found }) => found !== null).length} found, ${missed} missed`);
  return missed === 0;
};
