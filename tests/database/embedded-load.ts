/**
 * A process of its own that writes to the embedded database in the folder named by its first argument, until it is
 * ended. A unit of work is one row in each of two tables; prints the id of every one that was answered. With a second
 * argument, `broken-disk`, flushes fail from the first answer on.
 */
import { fsyncSync } from "node:fs";
import { openEmbedded } from "../../src/database/embedded/open-embedded";

let isBroken = false;
const flush = (descriptor: number) => {
  if (isBroken) throw new Error("EIO: i/o error, fsync");
  fsyncSync(descriptor);
};

const database = await openEmbedded(process.argv[2] ?? "", { flush });
await database.exec(`
  create table if not exists first_half (id int primary key);
  create table if not exists second_half (id int primary key, filling text);`);
const { rows } = await database.query<{ next: number }>("select coalesce(max(id), 0) + 1 as next from first_half");
process.stdout.write("started\n");
for (let id = rows[0]?.next ?? 1; ; id++) {
  await database.transaction(async (work) => {
    await work.query("insert into first_half values ($1)", [id]);
    await work.query("insert into second_half values ($1, $2)", [id, "x".repeat((id * 37) % 5000)]);
  });
  process.stdout.write(`${id}\n`);
  if (id % 50 === 0) await database.exec("checkpoint");
  isBroken = process.argv[3] === "broken-disk";
}
