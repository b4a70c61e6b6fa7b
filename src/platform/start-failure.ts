/** The start cannot go on. The message is one line (or one line and the SQL to run) that says what to do. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}
