/**
 * Keeps an agenda: of each event of the mirrored calendars its summary, start and end.
 *
 * A change can be told more than once, and EventBridge does not promise an order. So each is claimed by its `change_id`
 * before it is dealt with, and marked as done after; and of an event, only what is newer than what the agenda holds is
 * written.
 */
import { eraseAccount, removeEvent, writeEvent } from "./agenda";
import type { ChangeFeedEntry, DisconnectedDetail } from "./change-feed";
import { claim, markDone } from "./changes";

/** An entry, with what EventBridge adds to it and the agenda looks at. */
type Delivered = ChangeFeedEntry & { time: string };

export async function handler(entry: Delivered): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  if (!(await claim(entry.detail.change_id, now))) return;
  await act(entry, now);
  await markDone(entry.detail.change_id, now);
}

/** The compiler knows the detail of each type, and that no type is missing. */
async function act(entry: Delivered, now: number): Promise<void> {
  switch (entry["detail-type"]) {
    case "Calendar Event Created":
    case "Calendar Event Updated":
      return writeEvent(entry.detail);
    case "Calendar Event Deleted":
      return removeEvent(entry.detail, now);
    case "Account Connected":
      // Its events are told one by one; here is the place to tell its owner.
      return say("connected", entry.detail.account_id);
    case "Account Disconnected":
      return say("disconnected", entry.detail.account_id, whatItsOwnerHasToDo(entry.detail));
    case "Account Erased":
      await eraseAccount(entry.detail.account_id, entry.time, now);
      return say("erased", entry.detail.account_id);
    default:
      return refuse(entry);
  }
}

/** Here is the place to send its owner the links; a log is not. */
function whatItsOwnerHasToDo(detail: DisconnectedDetail): Record<string, unknown> {
  const links = detail.profiles.filter((profile) => profile.relink_url !== null);
  return { reason: detail.reason, links: links.length };
}

function say(message: string, accountId: string, more: Record<string, unknown> = {}): void {
  console.log(JSON.stringify({ message, account_id: accountId, ...more }));
}

/** A detail type that this consumer was not compiled for goes to the dead-letter queue. */
function refuse(entry: never): never {
  throw new Error(`Not known: ${(entry as Delivered)["detail-type"]}`);
}
