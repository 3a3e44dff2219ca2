/**
 * Random tests draw the same numbers in every run of `npm test`, so that a run tells of the change that it tests.
 * `PROPERTY_SEED=random` or a number draws others.
 */
import * as fc from "fast-check";

const FIXED = 20_261_123;
const given = process.env["PROPERTY_SEED"];

if (given === "random") delete process.env["PROPERTY_SEED"];
else process.env["PROPERTY_SEED"] = given === undefined || given === "" ? String(FIXED) : given;

const seed = process.env["PROPERTY_SEED"];
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...(seed !== undefined && { seed: Number(seed) }) });
