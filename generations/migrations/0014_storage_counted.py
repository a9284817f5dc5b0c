from __future__ import annotations

from typing import Any

from django.db import migrations, transaction

COUNT = """
    UPDATE accounts_storageuse SET bytes =
        (SELECT coalesce(sum(bytes), 0) FROM generations_output WHERE tenant_id = %(tenant)s)
      + (SELECT coalesce(sum(bytes), 0) FROM generations_file WHERE tenant_id = %(tenant)s AND deleted_at IS NULL)
      + (SELECT coalesce(sum(bytes), 0) FROM generations_upload WHERE tenant_id = %(tenant)s)
      + (SELECT coalesce(sum(input_bytes), 0) FROM generations_batch WHERE tenant_id = %(tenant)s)
    WHERE tenant_id = %(tenant)s
"""


def count(apps: Any, schema_editor: Any) -> None:
    """Counts tenant by tenant, each with its row locked first: what commits later waits for the row, and adds itself."""
    alias = schema_editor.connection.alias
    tenants = apps.get_model("accounts", "Tenant").objects.using(alias).values_list("id", flat=True)
    for tenant in list(tenants):
        with transaction.atomic(using=alias), schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_storageuse (tenant_id, bytes) VALUES (%s, 0) ON CONFLICT DO NOTHING", [tenant]
            )
            cursor.execute("SELECT 1 FROM accounts_storageuse WHERE tenant_id = %s FOR UPDATE", [tenant])
            cursor.execute(COUNT, {"tenant": tenant})


class Migration(migrations.Migration):
    """Not atomic: a transaction for each tenant."""

    atomic = False
    dependencies = (("generations", "0013_storage"),)
    operations = (migrations.RunPython(count, migrations.RunPython.noop),)
