import type { Suite } from '../suite.ts';
import { drains } from './drains.ts';
import { duplicates } from './duplicates.ts';
import { faultPoints } from './fault-points.ts';
import { fullDisk } from './full-disk.ts';
import { fuzz } from './fuzz.ts';
import { pause } from './pause.ts';
import { powerLoss } from './power-loss.ts';
import { randomKills } from './random-kills.ts';
import { restore } from './restore.ts';

export const suites: readonly Suite[] = [faultPoints, randomKills, drains, pause, powerLoss, fullDisk, duplicates, restore, fuzz];
