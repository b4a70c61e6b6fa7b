/** The start cannot continue. The message is one line (or one line and the SQL to run) that states what to do. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}
