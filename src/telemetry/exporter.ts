import type { Target } from './settings.ts';

/**
 * What an OTLP exporter is made with. Node destroys the connections of an agent that has a `signal` when it is aborted:
 * so a collector that does not answer keeps no stopping process alive.
 */
export const exporterOptions = (target: Target, cut: AbortSignal) => {
  const httpAgentOptions: { keepAlive: boolean; maxSockets: number; signal: AbortSignal } = { keepAlive: true, maxSockets: 4, signal: cut };
  return { ...target, httpAgentOptions };
};
