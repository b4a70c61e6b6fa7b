import type postgres from "postgres";

type Client = postgres.Sql;
type Inside = postgres.TransactionSql;

/** A statement with more parameters than this has too many variants, one for each number of parameters. */
const mostParameters = 32;
/** The maximum number of statements that one process prepares on each connection. Each costs memory on both sides. */
const mostTexts = 300;

/**
 * Creates a function that decides whether to prepare a statement: it must be repeated, and there must be room for it.
 */
export function worthPreparing(): (text: string, parameters: readonly unknown[]) => boolean {
  const texts = new Set<string>();
  return (text, parameters) => {
    if (parameters.length === 0 || parameters.length > mostParameters) return false;
    if (!texts.has(text) && texts.size < mostTexts) texts.add(text);
    return texts.has(text);
  };
}

declare module "postgres" {
  interface TransactionSql {
    /**
     * Sends COMMIT together with the preceding statements and rejects every later one. The patch of the driver adds
     * this.
     */
    commitAhead(): void;
  }
}

/**
 * Lets the server keep the plans of repeated statements, and saves a round trip for each execution: the driver asks for
 * the types of the parameters before every statement that is not prepared, and drizzle never requests a prepared one.
 * @returns the client itself
 */
export function withPreparedStatements(client: Client): Client {
  const isWorthIt = worthPreparing();
  const prepare = <C extends Client | Inside>(one: C): C => {
    const { unsafe } = one;
    // The statement starts immediately: statements of one transaction are sent in the order of their creation, whether
    // awaited or not.
    one.unsafe = ((text: string, parameters = [], options = {}) =>
      unsafe(text, parameters, { ...options, prepare: isWorthIt(text, parameters) }).execute()) as typeof unsafe;
    return one;
  };
  const { begin } = client;
  client.begin = (<T>(body: (tx: Inside) => Promise<T>) =>
    begin("ahead", (tx) => body(prepare(tx)))) as Client["begin"];
  return prepare(client);
}

/**
 * A view of the client whose transactions end with their `statements`-th statement: COMMIT is sent together with it, so
 * that the whole transaction takes one round trip.
 */
export function committingWith(statements: number, client: Client): Client {
  const view = Object.create(client) as Client;
  const { begin } = client;
  view.begin = (<T>(body: (tx: Inside) => Promise<T>) =>
    begin((tx) => body(commitsAfter(statements, tx as Inside)))) as Client["begin"];
  return view;
}

/** Sends COMMIT together with the `statements`-th statement from now on. */
export function commitsAfter(statements: number, tx: Inside): Inside {
  const { unsafe } = tx;
  let left = statements;
  tx.unsafe = ((...statement: Parameters<typeof unsafe>) => {
    const sent = unsafe(...statement);
    left--;
    if (left === 0) tx.commitAhead();
    return sent;
  }) as typeof unsafe;
  return tx;
}
