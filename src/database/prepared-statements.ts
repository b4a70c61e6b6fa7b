import type postgres from "postgres";

type Client = postgres.Sql;
type Inside = postgres.TransactionSql;

/** A statement with more parameters than this has as many forms as it has numbers of them. */
const mostParameters = 32;
/** Texts that one process has prepared on each of its connections; every one costs memory at both ends. */
const mostTexts = 300;

/** A function that says of a statement whether it is one to prepare: its text comes again, and there is room for it. */
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
    /** Sends COMMIT along with the statements before it; any later one is rejected. Of the patch. */
    commitAhead(): void;
  }
}

/**
 * Lets the server keep the plans of statements that come again, and saves a round trip at each: the driver asks for the
 * parameters' types before every statement that is not prepared, and drizzle asks it to prepare none.
 * @returns the client itself
 */
export function withPreparedStatements(client: Client): Client {
  const isWorthIt = worthPreparing();
  const prepare = <C extends Client | Inside>(one: C): C => {
    const { unsafe } = one;
    // Started at once: statements of one transaction go out in the order in which they were made, awaited or not.
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
 * A view of the client whose transactions end with their `statements`-th statement: COMMIT is sent with it, so that all
 * of it takes one round trip.
 */
export function committingWith(statements: number, client: Client): Client {
  const view = Object.create(client) as Client;
  const { begin } = client;
  view.begin = (<T>(body: (tx: Inside) => Promise<T>) =>
    begin((tx) => body(commitsAfter(statements, tx as Inside)))) as Client["begin"];
  return view;
}

/** Sends COMMIT with the `statements`-th statement from now on. */
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
