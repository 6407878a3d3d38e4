/** What the function finds around it: its settings, and DynamoDB. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The variable ${name} is not set.`);
  return value;
}
