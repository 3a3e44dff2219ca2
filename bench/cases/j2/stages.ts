/** How many stages add one, each of them on its own. */
export const STAGES = 10;
