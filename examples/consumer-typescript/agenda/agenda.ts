/** The agenda's table, and the events table for what is too large for an entry. */
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, paginateQuery, PutCommand } from "@aws-sdk/lib-dynamodb";

import type { AboutAnEvent, CreatedDetail, DeletedDetail, UpdatedDetail } from "./change-feed";
import { expiry } from "./changes";
import { dynamodb, setting } from "./surroundings";

const SHOWN = ["summary", "start", "end"] as const;
/** Entries about an erased account's events come within 12 hours. */
const A_DAY_SECONDS = 86_400;

/** An event was created or updated. */
export async function writeEvent(detail: CreatedDetail | UpdatedDetail): Promise<void> {
  const document = detail.event ?? (await readWhole(detail.table));
  if (document === undefined) return; // erased since: the entry that says so is on its way
  const shown = Object.fromEntries(SHOWN.map((name) => [name, document[name] ?? null]));
  await writeIfNewer(detail, { ...shown, deleted: false });
}

/** The number stays, so that an update that comes late does not bring the event back. */
export async function removeEvent(detail: DeletedDetail, now: number): Promise<void> {
  await writeIfNewer(detail, { deleted: true, expires_at: expiry(now) });
}

/** Nothing may be left of it here either, nor come back with an entry that was on its way. */
export async function eraseAccount(accountId: string, at: string, now: number): Promise<void> {
  const table = setting("AGENDA_TABLE");
  const mark = { ...erasure(accountId), erased_at: at, expires_at: now + A_DAY_SECONDS };
  await dynamodb.send(new PutCommand({ TableName: table, Item: mark }));
  const pages = paginateQuery(
    { client: dynamodb },
    {
      TableName: table,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": accountId },
      ProjectionExpression: "pk, sk",
    },
  );
  for await (const page of pages) {
    for (const key of page.Items ?? []) {
      if (key.sk !== mark.sk) await dynamodb.send(new DeleteCommand({ TableName: table, Key: key }));
    }
  }
}

/** Write what is newer than what is there; leave the rest alone. */
async function writeIfNewer(detail: AboutAnEvent, values: Record<string, unknown>): Promise<void> {
  const table = setting("AGENDA_TABLE");
  const key = erasure(detail.account_id);
  const erased = await dynamodb.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
  if (erased.Item !== undefined && detail.synced_at <= erased.Item.erased_at) return;
  // Up to 40 digits, says the API reference (StreamRecord): more than a number of DynamoDB holds.
  const number = detail.sequence_number.padStart(40, "0");
  const item = { pk: detail.account_id, sk: `${detail.calendar_id}#${detail.event_uid}`, sequence_number: number };
  const put = new PutCommand({
    TableName: table,
    Item: { ...item, ...values },
    ConditionExpression: "attribute_not_exists(pk) OR sequence_number < :number",
    ExpressionAttributeValues: { ":number": number },
  });
  try {
    await dynamodb.send(put);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** The key of the mark that an account was erased. No event has it: their keys hold a "#". */
function erasure(accountId: string): { pk: string; sk: string } {
  return { pk: accountId, sk: "erased" };
}

/** Read what the agenda shows of an event that was too large for its entry; undefined: it is not there. */
async function readWhole(table: AboutAnEvent["table"]): Promise<Record<string, unknown> | undefined> {
  if (table === undefined) throw new Error("An entry without its event does not say where that is.");
  const names = Object.fromEntries(SHOWN.map((name) => [`#${name}`, name]));
  const answer = await dynamodb.send(
    new GetCommand({
      TableName: table.name,
      Key: { pk: table.pk, sk: table.sk },
      ProjectionExpression: ["pk", ...SHOWN.map((name) => `#event.#${name}`)].join(", "),
      ExpressionAttributeNames: { "#event": "event", ...names },
    }),
  );
  return answer.Item && (answer.Item.event ?? {});
}
