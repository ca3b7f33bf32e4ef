import { CarillonError } from '../../core/errors.ts';
import type { Topology } from '../../ports/broker.ts';

type Kind = Topology['exchanges'][number]['kind'];

/** Which queues a message reaches. */
export type Routes = {
  declare(topology: Topology): void;
  /** Names of queues, each once. */
  match(exchange: string, key: string): readonly string[];
};

/** Answers kept: the keys in use are the partitions and the jobs, so they all fit. */
const maxAnswers = 10_000;

/** Words between dots; `*` stands for one, `#` for any number of them. */
const topicMatches = (pattern: readonly string[], words: readonly string[]): boolean => {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return topicMatches(rest, words) || (words.length > 0 && topicMatches(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && topicMatches(rest, words.slice(1));
};

const matches = (kind: Kind, pattern: string, key: string): boolean =>
  kind === 'fanout' || (kind === 'direct' ? pattern === key : topicMatches(pattern.split('.'), key.split('.')));

/** Exchanges and bindings. Declaring again adds; another kind under a known name is refused. */
export const createRoutes = (): Routes => {
  const exchanges = new Map<string, { kind: Kind; bindings: { queue: string; key: string }[] }>();
  const answers = new Map<string, readonly string[]>();

  const find = (exchange: string, key: string): readonly string[] => {
    const found = exchanges.get(exchange);
    if (!found) throw new CarillonError('broker-unavailable', `Exchange ${exchange} is not declared`);
    return [...new Set(found.bindings.filter((binding) => matches(found.kind, binding.key, key)).map((binding) => binding.queue))];
  };
  return {
    declare(topology) {
      answers.clear();
      for (const { name, kind } of topology.exchanges) {
        const known = exchanges.get(name);
        if (known && known.kind !== kind)
          throw new CarillonError('definition-invalid', `Exchange ${name} is ${known.kind} already, not ${kind}`);
        if (!known) exchanges.set(name, { kind, bindings: [] });
      }
      for (const { exchange, queue, key } of topology.bindings) {
        const found = exchanges.get(exchange);
        if (!found) throw new CarillonError('definition-invalid', `Queue ${queue} is bound to exchange ${exchange}, which is not declared`);
        if (!found.bindings.some((binding) => binding.queue === queue && binding.key === key)) found.bindings.push({ queue, key });
      }
    },
    match(exchange, key) {
      const question = `${exchange} ${key}`;
      const known = answers.get(question);
      if (known) return known;
      const answer = find(exchange, key);
      if (answers.size >= maxAnswers) answers.clear();
      answers.set(question, answer);
      return answer;
    },
  };
};
