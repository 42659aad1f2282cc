-- Whom to ask about an invoice: rules within Germany want it of the seller.
create or replace function accounts_seller_copy(u accounts_user) returns jsonb language sql stable
as $$
  select jsonb_build_object(
    'id', 'usr_' || replace(u.uuid::text, '-', ''), 'name', u.name,
    'legal_name', coalesce(nullif(u.legal_name, ''), u.name), 'street', u.street,
    'postcode', u.postcode, 'city', u.city, 'region', u.region, 'country', u.country,
    'vat_id', u.vat_id, 'tax_number', u.tax_number, 'register_number', u.register_number,
    'register_scheme', u.register_scheme, 'electronic_address', u.electronic_address,
    'electronic_address_scheme', u.electronic_address_scheme, 'kind', 'business',
    'tax_status', u.tax_status, 'iban', u.invoice_iban,
    'contact_phone', u.contact_phone, 'contact_email', u.contact_email, 'logo', u.logo_digest)
$$;
create or replace function accounts_buyer_copy(u accounts_user) returns jsonb language sql stable
as $$
  select jsonb_build_object(
    'id', 'usr_' || replace(u.uuid::text, '-', ''), 'name', u.name,
    'legal_name', coalesce(nullif(u.legal_name, ''), u.name), 'street', u.street,
    'postcode', u.postcode, 'city', u.city, 'region', u.region, 'country', u.country,
    'vat_id', u.vat_id, 'tax_number', u.tax_number, 'register_number', u.register_number,
    'register_scheme', u.register_scheme, 'electronic_address', u.electronic_address,
    'electronic_address_scheme', u.electronic_address_scheme, 'kind', u.buyer_kind,
    'tax_status', '', 'iban', '', 'contact_phone', '', 'contact_email', '',
    'logo', u.logo_digest)
$$;
create or replace function accounts_organisation_copy(o accounts_organisation) returns jsonb language sql stable
as $$
  select jsonb_build_object(
    'id', 'org_' || replace(o.uuid::text, '-', ''), 'name', o.name,
    'legal_name', coalesce(nullif(o.legal_name, ''), o.name), 'street', o.street,
    'postcode', o.postcode, 'city', o.city, 'region', o.region, 'country', o.country,
    'vat_id', o.vat_id, 'tax_number', o.tax_number, 'register_number', o.register_number,
    'register_scheme', o.register_scheme, 'electronic_address', o.electronic_address,
    'electronic_address_scheme', o.electronic_address_scheme, 'kind', 'business',
    'tax_status', '', 'iban', '', 'contact_phone', '', 'contact_email', '',
    'logo', o.logo_digest)
$$;
