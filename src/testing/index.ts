/**
 * For tests of stages: partners that speak the protocol message by message, a monitor between two stages, the contracts of dispatchers and adapters, a way to wait for quiet.
 *
 * @module sluice/testing
 */
export { ConsumerProbe, type ConsumerProbeOptions } from "./consumer-probe.ts";
export type { ContractCase } from "./contract-case.ts";
export { dispatcherContract } from "./dispatcher-contract.ts";
export { ExpectationError } from "./expectation.ts";
export type { DispatcherContractOptions } from "./dispatchers/plan.ts";
export { ContractViolation } from "./violation.ts";
export { ProtocolViolation, monitored, type Monitored, type MonitoredWire, type MonitorOptions, type ProtocolRule } from "./monitor.ts";
export { nonCompliantProducer, type Misbehaviour } from "./non-compliant-producer.ts";
export { ProbeWire, ProducerProbe, type ProducerProbeOptions } from "./producer-probe.ts";
export { settle } from "./settle.ts";
export { wayInContract } from "./way-in-contract.ts";
export type { WayInAbility, WayInContractOptions, WayInSettings, WayInSource, WayInStep } from "./ways/way-in.ts";
export { wayOutContract } from "./way-out-contract.ts";
export type { ReadWayOut, ToldSink, ToldWayOut, WayOutContractOptions, WayOutSettings, WrittenSink, WrittenWayOut } from "./ways/way-out.ts";
