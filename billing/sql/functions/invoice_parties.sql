-- Who issues a tenant's invoices and to whom they go, as an invoice keeps it from its issue on.
--
-- The buyer's email is the profile's first, else that of the first owner or billing member: where the invoice is sent.
-- `tax_exchange` is the newest rate that holds today, where the company owes VAT in another currency than the wallet's.
CREATE OR REPLACE FUNCTION invoice_parties(p_tenant uuid, OUT legal_entity_id uuid, OUT issuer jsonb, OUT customer jsonb)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT e.id,
           CASE WHEN e.id IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('name', e.name, 'address', e.address,
               'postal_address', e.postal_address, 'tax_id', e.tax_id, 'email', e.email, 'contact_name', e.contact_name,
               'phone', e.phone, 'iban', e.iban, 'bic', e.bic, 'bank_details', e.bank_details, 'footer', e.footer,
               'tax_exchange', (SELECT jsonb_build_object('currency', r.tax_currency, 'rate', r.rate::text,
                                                          'on', r.valid_from, 'source', r.source)
                   FROM billing_wallet w JOIN billing_exchangerate r
                       ON r.currency = w.currency AND r.tax_currency = e.tax_currency AND r.valid_from <= current_date
                   WHERE w.tenant_id = t.id AND w.livemode AND e.tax_currency <> w.currency
                   ORDER BY r.valid_from DESC LIMIT 1)) END,
           jsonb_build_object('name', coalesce(nullif(p.name, ''), t.name), 'address', coalesce(p.address, ''),
               'postal_address', coalesce(p.postal_address, '{}'), 'tax_id', coalesce(p.tax_id, ''),
               'email', coalesce(p.emails[1], (SELECT u.email FROM accounts_membership m
                   JOIN accounts_user u ON u.id = m.user_id AND u.is_active
                   WHERE m.tenant_id = t.id AND m.role IN ('owner', 'billing') ORDER BY u.email LIMIT 1), ''),
               'reference', coalesce(p.reference, ''), 'buyer_reference', coalesce(p.buyer_reference, ''),
               'tax_category', coalesce(p.tax_category, ''), 'tax_exemption_code', coalesce(p.tax_exemption_code, ''),
               'payment_terms_days', coalesce(p.payment_terms_days, 14))
    FROM accounts_tenant t
    LEFT JOIN billing_billingprofile p ON p.tenant_id = t.id
    LEFT JOIN billing_legalentity e ON e.id = coalesce(p.legal_entity_id,
        (SELECT d.id FROM billing_legalentity d WHERE d.is_default))
    WHERE t.id = p_tenant
$$;
