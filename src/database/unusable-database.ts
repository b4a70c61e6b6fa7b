/** The database cannot be used as it is. The message is one line that names the cause and what to do. */
export class UnusableDatabase extends Error {
  override readonly name = "UnusableDatabase";
}
