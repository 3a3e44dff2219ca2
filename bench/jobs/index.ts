import type { Job } from "../harness/case.ts";
import { flights } from "./flights.ts";
import { growth } from "./growth.ts";
import { heap } from "./heap.ts";
import { j1 } from "./j1.ts";
import { j2 } from "./j2.ts";
import { j3 } from "./j3.ts";
import { j4 } from "./j4.ts";
import { j5 } from "./j5.ts";
import { j6 } from "./j6.ts";
import { j7 } from "./j7.ts";
import { shapes } from "./shapes.ts";

/** All jobs, in the order in which `npm run bench` without a name runs them. */
export const jobs: readonly Job[] = [j1, j2, j3, j4, j5, j6, j7, shapes, growth, heap, flights];
