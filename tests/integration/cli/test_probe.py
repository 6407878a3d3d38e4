from datetime import UTC, datetime, timedelta

def test_equal(stack, account):
    r = stack.run("verify", account["account_id"]); assert r.exit_code == 0, r.output

def test_edge(stack):
    made = stack.control("POST", "accounts"); a = made["account_id"]
    d = (datetime.now(UTC) - timedelta(days=42)).strftime("%Y-%m-%dT20:00:00Z")
    e = (datetime.now(UTC) - timedelta(days=42)).strftime("%Y-%m-%dT21:00:00Z")
    stack.control("POST", f"accounts/{a}/events", {"start": d, "end": e, "quiet": True})
    stack.run("accounts", "add", a, "--refresh-token", made["refresh_token"]); stack.settle()
    r = stack.run("verify", a); assert r.exit_code == 0, r.output

def test_needs_user_heals(stack, account, draining):
    a = account["account_id"]
    stack.accounts.mark_needs_user(a, "invalid_grant", since=datetime.now(UTC))
    draining()
    r = stack.run("sync", a, "--full", "--wait", "--timeout", "10"); assert r.exit_code == 0, r.output

def test_show_missing_table(stack, account):
    stack.client("dynamodb").delete_table(TableName=stack.outputs["AccountsTableName"])
    r = stack.run("sync", "acc_x"); assert r.exit_code == 1 and "Error" in r.output, (r.output, r.exception)

def test_notify(stack, account):
    r = stack.run("notify", account["account_id"]); assert r.exit_code == 0, r.output

def test_events(stack, account):
    r = stack.run("events", account["account_id"], "--json"); print(r.output); assert r.exit_code == 0, r.output
def test_status(stack, account):
    r = stack.run("status", "--json"); print(r.output); assert r.exit_code == 0, r.output
def test_dlq(stack, account):
    for i in range(23):
        stack.client("sqs").send_message(QueueUrl=stack.outputs["DeadLetterQueueUrl"], MessageBody="x", MessageGroupId="acc_1", MessageDeduplicationId=str(i))
    r = stack.run("dlq", "list", "--json"); assert r.output.count("message_id") == 23, (r.output, r.exception)
