/**
 * A separate process that writes to the embedded database in the folder of its first argument, until it is killed. A
 * unit of work is one row in each of two tables. The process prints the id of every confirmed unit. With the second
 * argument `broken-disk`, flushes fail after the first confirmed unit.
 */
import { fsyncSync } from "node:fs";
import { openEmbedded } from "#src/database/embedded/open-embedded";

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
