import { attributesOf, type Receiver } from '../support/otlp-receiver.ts';

type Attributes = Parameters<typeof attributesOf>[0];
type Batch = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string; readonly traceId: string }[] }[];
  }[];
};

/** The spans of a trace, each as `<service> <span>`: several processes send to one receiver. */
export const spansByProcess = ({ requests }: Receiver, trace: string): readonly string[] => {
  const batches = requests.filter(({ path }) => path === '/v1/traces').flatMap(({ body }) => (JSON.parse(body) as Batch).resourceSpans);
  const named = batches.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.filter(({ traceId }) => traceId === trace).map(({ name }) => `${service} ${name}`));
  });
  return [...new Set(named)].sort();
};
