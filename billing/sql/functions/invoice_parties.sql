-- Who issues a tenant's invoices and to whom they go, as an invoice keeps it from its issue on.
CREATE OR REPLACE FUNCTION invoice_parties(p_tenant uuid, OUT legal_entity_id uuid, OUT issuer jsonb, OUT customer jsonb)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT e.id,
           CASE WHEN e.id IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('name', e.name, 'address', e.address,
               'tax_id', e.tax_id, 'email', e.email, 'bank_details', e.bank_details, 'footer', e.footer) END,
           jsonb_build_object('name', coalesce(nullif(p.name, ''), t.name), 'address', coalesce(p.address, ''),
               'tax_id', coalesce(p.tax_id, ''), 'reference', coalesce(p.reference, ''),
               'payment_terms_days', coalesce(p.payment_terms_days, 14))
    FROM accounts_tenant t
    LEFT JOIN billing_billingprofile p ON p.tenant_id = t.id
    LEFT JOIN billing_legalentity e ON e.id = coalesce(p.legal_entity_id,
        (SELECT d.id FROM billing_legalentity d WHERE d.is_default))
    WHERE t.id = p_tenant
$$;
