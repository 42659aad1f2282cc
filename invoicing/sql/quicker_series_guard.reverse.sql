create or replace trigger invoicing_series_moves_forward before update on invoicing_invoiceseries
  for each row execute function invoicing_series_guard();
