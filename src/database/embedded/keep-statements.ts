import { type PGlite, parse, protocol, type QueryOptions, type Transaction } from "@electric-sql/pglite";
import { worthPreparing } from "../prepared-statements";

type Messages = Awaited<ReturnType<PGlite["execProtocolStream"]>>;

/** A statement that the database keeps parsed. */
interface Kept {
  readonly name: string;
  /** Object ids of its parameters' types. */
  readonly types: readonly number[];
  /** The description of its rows; empty for a statement without rows. */
  readonly columns: Messages;
}

/**
 * Makes the embedded database keep repeated statements parsed and planned, and sends each execution as a single
 * message. PGlite itself prepares a statement again for every execution and sends six messages, which takes longer than
 * the execution.
 *
 * Drizzle passes the same few parsers to every query; they are added once to those of the client.
 * @returns the client itself
 */
export function keepStatements(client: PGlite): PGlite {
  const { query, transaction } = client;
  const isWorthIt = worthPreparing();
  const statements = new Map<string, Kept>();
  const { serialize } = protocol;
  let parsersAdded = false;
  let prepared = 0;

  const send = (syncToFs: boolean, ...parts: readonly Uint8Array[]) =>
    client.execProtocolStream(Buffer.concat([...parts, serialize.sync()]), { syncToFs });

  async function prepare(text: string): Promise<Kept> {
    const name = `kept_${prepared++}`;
    const messages = await send(false, serialize.parse({ name, text }), serialize.describe({ type: "S", name }));
    const types = parse.parseDescribeStatementResults(messages);
    const kept = { name, types, columns: messages.filter((message) => message.name === "rowDescription") };
    statements.set(text, kept);
    return kept;
  }

  function bound(kept: Kept, parameters: readonly unknown[]): Uint8Array {
    const values = parameters.map((value, at) => {
      if (value === null || value === undefined) return null;
      const asText = client.serializers[kept.types[at] ?? 0];
      return asText ? asText(value) : String(value);
    });
    return serialize.bind({ statement: kept.name, values });
  }

  const run = (inTransaction: boolean, text: string, parameters: readonly unknown[], options: QueryOptions) =>
    client.runExclusive(async () => {
      const kept = statements.get(text) ?? (await prepare(text));
      const messages = await send(!inTransaction, bound(kept, parameters), serialize.execute({}));
      return parse.parseResults([...kept.columns, ...messages], client.parsers, options)[0];
    });

  function take({ parsers, ...options }: QueryOptions): QueryOptions {
    if (parsers && !parsersAdded) {
      Object.assign(client.parsers, parsers);
      parsersAdded = true;
    }
    return options;
  }

  client.query = (async (text: string, parameters: unknown[] = [], given: QueryOptions = {}) => {
    const options = take(given);
    if (!isWorthIt(text, parameters)) return query.call(client, text, parameters, options);
    await client._checkReady();
    return client._runExclusiveTransaction(() => run(false, text, parameters, options));
  }) as PGlite["query"];

  client.transaction = ((body: (tx: Transaction) => Promise<unknown>) =>
    transaction.call(client, (tx) => {
      const { query: queryInside } = tx;
      tx.query = (async (text: string, parameters: unknown[] = [], given: QueryOptions = {}) => {
        const options = take(given);
        if (tx.closed || !isWorthIt(text, parameters)) return queryInside.call(tx, text, parameters, options);
        return run(true, text, parameters, options);
      }) as Transaction["query"];
      return body(tx);
    })) as PGlite["transaction"];
  return client;
}
