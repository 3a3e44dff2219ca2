import { producer, type Producer } from "sluice";

export const counter = (next = 0): Producer<number> =>
  producer({ handleDemand: (demand) => Array.from({ length: demand }, () => next++) });
