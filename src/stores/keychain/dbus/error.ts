/** An error on D-Bus. `name` is D-Bus's own, as `org.freedesktop.DBus.Error.ServiceUnknown`, or one of those below. */
export class DBusError extends Error {
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** There is no bus, it refused us, or it hung up. */
export const CONNECTION_LOST = "org.freedesktop.DBus.Error.Disconnected";
/** A bus is named, but its socket is not ours; the message says why. */
export const BUS_REFUSED = "awsrole.BusRefused";
/** An unlock prompt was dismissed, there is no place to show it, or the daemon ended behind it. */
export const PROMPT_DISMISSED = "awsrole.PromptDismissed";
/** There is no collection in which an item could be created. */
export const NO_COLLECTION = "awsrole.NoCollection";
/** There is no collection of the name that was chosen; the message, a clause, says which there are. */
export const NO_SUCH_COLLECTION = "awsrole.NoSuchCollection";
/** The item is not there, or not any more. */
export const ITEM_VANISHED = "awsrole.ItemVanished";
/** The program that was asked ended without an answer. */
export const NO_REPLY = "org.freedesktop.DBus.Error.NoReply";
