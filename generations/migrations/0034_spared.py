from __future__ import annotations

from django.db import migrations, models

from cavendish.db.spared import spare_index, spare_tenant_key


class Migration(migrations.Migration):
    """What each picture paid for and nothing needed: indexes that begin others, keys to the tenant that others imply."""

    atomic = False
    dependencies = (("generations", "0033_months"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                spare_tenant_key(
                    "generations_generation", "generations_generation_tenant_id_e81db440_fk_accounts_tenant_id"
                ),
                spare_tenant_key("generations_output", "generations_output_tenant_id_88022a54_fk_accounts_tenant_id"),
                spare_index("generations_generation", "generations_generation_tenant_id_e81db440", "tenant_id"),
                spare_index("generations_output", "generations_output_generation_id_2108e972", "generation_id"),
                spare_index("generations_output", "generations_output_tenant_id_88022a54", "tenant_id"),
            ],
            state_operations=[
                migrations.AlterField(
                    "generation",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                migrations.AlterField(
                    "output",
                    "generation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="outputs",
                        to="generations.generation",
                    ),
                ),
                migrations.AlterField(
                    "output",
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
        ),
    )
