/** Which changes were dealt with. */
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";

import { dynamodb, setting } from "./surroundings";

/** A claim ends after so many seconds: longer than the function may run, shorter than it takes Lambda to try again. */
const CLAIM_SECONDS = 30;

/** Another invocation has claimed the change; whether it succeeds is not known yet. */
export class BeingDealtWithError extends Error {
  override name = "BeingDealtWithError";
}

/** Claim a change; say whether there is something to do. Where that is not known yet, Lambda tries again. */
export async function claim(changeId: string, now: number): Promise<boolean> {
  const claiming = new UpdateCommand({
    TableName: setting("CHANGES_TABLE"),
    Key: { change_id: changeId },
    UpdateExpression: "SET claimed_until = :until, expires_at = :expires_at",
    ConditionExpression:
      "attribute_not_exists(change_id)" +
      " OR (attribute_not_exists(done_at) AND claimed_until <= :now) OR expires_at <= :now",
    ExpressionAttributeValues: { ":until": now + CLAIM_SECONDS, ":expires_at": expiry(now), ":now": now },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  try {
    await dynamodb.send(claiming);
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    if (error.Item?.done_at === undefined) throw new BeingDealtWithError(changeId);
    return false;
  }
}

export async function markDone(changeId: string, now: number): Promise<void> {
  const marking = new UpdateCommand({
    TableName: setting("CHANGES_TABLE"),
    Key: { change_id: changeId },
    UpdateExpression: "SET done_at = :now",
    ExpressionAttributeValues: { ":now": now },
  });
  await dynamodb.send(marking);
}

/** When something is forgotten; a change, a deleted event's number. */
export function expiry(now: number): number {
  return now + Number(setting("REMEMBER_DAYS")) * 86_400;
}
